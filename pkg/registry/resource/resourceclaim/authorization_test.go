package resourceclaim

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

const account = "system:serviceaccount:ns:driver"

// permissions allow what they list: the verb, the subresource, the namespace and
// the name.
func permissions(allowed ...string) authorizer.Authorizer {
	return authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
		asked := fmt.Sprintf("%s %s %s/%s", a.GetVerb(), a.GetSubresource(), a.GetNamespace(), a.GetName())
		for _, one := range allowed {
			if asked == one {
				return authorizer.DecisionAllow, "", nil
			}
		}
		return authorizer.DecisionNoOpinion, "", nil
	})
}

// TestAuthorize has answers of kube-apiserver.
func TestAuthorize(t *testing.T) {
	allocate := func(c object) {
		c.Status.Allocation = &resourcev1.AllocationResult{
			Devices: resourcev1.DeviceAllocationResult{Results: []result{{Request: "r", Driver: "d.com", Pool: "p", Device: "dev"}}},
			NodeSelector: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"node-a"}}}}}},
		}
	}
	report := func(c object) {
		allocate(c)
		c.Status.Devices = []resourcev1.AllocatedDeviceStatus{{Driver: "d.com", Pool: "p", Device: "dev"}}
	}
	nothing := func(object) {}
	const noBinding = `status.allocation: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", ` +
		`verb="update" permission: resourceclaims.resource.k8s.io is forbidden: User "` + account + `" cannot update resource ` +
		`"resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope`
	noDriver := func(verbs, first string) string {
		return `status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[` + verbs +
			`]" permission: resourceclaims.resource.k8s.io "d.com" is forbidden: User "` + account + `" cannot ` + first +
			` resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "ns"`
	}
	for name, c := range map[string]struct {
		old, new func(object)
		node     string
		allowed  string
		want     string
	}{
		"nothing changes":            {old: report, new: report},
		"allocation":                 {old: nothing, new: allocate, want: noBinding},
		"allocation, allowed":        {old: nothing, new: allocate, allowed: "update binding /"},
		"deallocation, allowed":      {old: report, new: nothing, allowed: "update binding /"},
		"devices":                    {old: allocate, new: report, want: noDriver("arbitrary-node:update", "arbitrary-node:update")},
		"devices, allowed anywhere":  {old: allocate, new: report, allowed: "arbitrary-node:update driver ns/d.com"},
		"devices, anywhere, on node": {old: allocate, new: report, allowed: "arbitrary-node:update driver ns/d.com", node: "node-a"},
		"devices, allowed on node":   {old: allocate, new: report, allowed: "associated-node:update driver ns/d.com", node: "node-a"},
		"devices removed, on node":   {old: report, new: allocate, allowed: "associated-node:update driver ns/d.com", node: "node-a"},
		"devices, not allowed on any": {old: allocate, new: report, node: "node-a",
			want: noDriver("associated-node:update arbitrary-node:update", "associated-node:update")},
		"devices, on another node": {old: allocate, new: report, allowed: "associated-node:update driver ns/d.com", node: "node-b",
			want: noDriver("arbitrary-node:update", "arbitrary-node:update")},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := base(), base()
			before.Spec.Devices.Requests = []resourcev1.DeviceRequest{{Name: "r", Exactly: &resourcev1.ExactDeviceRequest{DeviceClassName: "c"}}}
			after.Spec = before.Spec
			c.old(before)
			c.new(after)
			requester := &user.DefaultInfo{Name: account, Extra: map[string][]string{"authentication.kubernetes.io/node-name": {c.node}}}
			ctx := genericapirequest.WithUser(t.Context(), requester)
			ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{Verb: "update"})
			errs := New(Needs{Authorizer: permissions(c.allowed)}).ValidateChange(ctx, "status", after, before)
			if got := strings.Trim(fmt.Sprint(errs), "[]"); got != strings.Trim(c.want, "[]") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
