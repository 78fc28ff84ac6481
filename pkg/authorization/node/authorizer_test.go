package node

import (
	"testing"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// synced returns an authorizer whose graph has one pod on each of two nodes.
func synced(t *testing.T) *Authorizer {
	t.Helper()
	a, err := New(t.Context(), nil, func(gvr schema.GroupVersionResource) bool { return gvr.Group == "certificates.k8s.io" })
	if err != nil {
		t.Fatal(err)
	}
	a.feed.start.Do(func() {})
	for node, suffix := range map[string]string{"a": "", "b": "2"} {
		a.graph.set(object{pod, "ns", "p" + suffix}, &links{node: node, below: []object{
			{secret, "ns", "s" + suffix}, {configMap, "ns", "c" + suffix}, {serviceAccount, "ns", "sa" + suffix},
			{volumeClaim, "ns", "pvc" + suffix}, {resourceClaim, "ns", "rc" + suffix}}})
		a.graph.set(object{volume, "", "pv" + suffix}, &links{above: object{volumeClaim, "ns", "pvc" + suffix}, below: []object{{secret, "storage", "csi" + suffix}}})
		a.graph.set(object{volumeAttachment, "", "va" + suffix}, ofNode(node))
		a.graph.set(object{resourceSlice, "", "slice" + suffix}, ofNode(node))
		a.graph.set(object{certificateRequest, "ns", "pcr" + suffix}, ofNode(node))
	}
	return a
}

const (
	unrelated = "no relationship found between node 'a' and this object"
	core      = ""
	storage   = "storage.k8s.io"
	draGroup  = "resource.k8s.io"
	certs     = "certificates.k8s.io"
	leases    = "coordination.k8s.io"
)

// TestAuthorize sends requests of the kubelet of node a. want is "allow" for an
// allowed request, otherwise the reason; it is empty if there is no reason.
func TestAuthorize(t *testing.T) {
	a := synced(t)
	for _, test := range []struct {
		group, resource, subresource, verb, namespace, name, selector, want string
	}{
		{core, "secrets", "", "get", "ns", "s", "", "allow"},
		{core, "secrets", "", "list", "ns", "s", "", "allow"},
		{core, "secrets", "", "watch", "ns", "s", "", "allow"},
		{core, "secrets", "", "get", "ns", "s2", "", unrelated},
		{core, "secrets", "", "get", "other", "s", "", unrelated},
		{core, "secrets", "", "get", "storage", "csi", "", "allow"},
		{core, "secrets", "", "get", "storage", "csi2", "", unrelated},
		{core, "secrets", "", "get", "ns", "c", "", unrelated},
		{core, "secrets", "", "list", "ns", "", "", "No Object name found"},
		{core, "secrets", "", "list", "", "", "", "can only read namespaced object of this type"},
		{core, "secrets", "", "update", "ns", "s", "", "can only read resources of this type"},
		{core, "secrets", "", "deletecollection", "ns", "", "", "can only read resources of this type"},
		{core, "secrets", "status", "get", "ns", "s", "", "cannot read subresource"},
		{core, "configmaps", "", "watch", "ns", "c", "", "allow"},
		{core, "configmaps", "", "get", "ns", "s", "", unrelated},
		{"fake", "secrets", "", "get", "ns", "s", "", ""},
		{core, "persistentvolumeclaims", "", "get", "ns", "pvc", "", "allow"},
		{core, "persistentvolumeclaims", "", "get", "ns", "pvc2", "", unrelated},
		{core, "persistentvolumeclaims", "", "list", "ns", "pvc", "", "can only get individual resources of this type"},
		{core, "persistentvolumeclaims", "", "update", "ns", "pvc", "", "can only get individual resources of this type"},
		{core, "persistentvolumeclaims", "status", "patch", "ns", "pvc", "", "allow"},
		{core, "persistentvolumeclaims", "status", "patch", "ns", "pvc2", "", unrelated},
		{core, "persistentvolumeclaims", "status", "delete", "ns", "pvc", "", "can only get, update or patch the status"},
		{core, "persistentvolumeclaims", "scale", "get", "ns", "pvc", "", "cannot get subresource"},
		{core, "persistentvolumes", "", "get", "", "pv", "", "allow"},
		{core, "persistentvolumes", "", "get", "", "pv2", "", unrelated},
		{core, "serviceaccounts", "", "get", "ns", "sa", "", "allow"},
		{core, "serviceaccounts", "", "get", "ns", "sa2", "", unrelated},
		{core, "serviceaccounts", "token", "create", "ns", "sa", "", "allow"},
		{core, "serviceaccounts", "token", "create", "ns", "sa2", "", unrelated},
		{core, "serviceaccounts", "token", "create", "ns", "", "", "can only create tokens for individual service accounts"},
		{core, "serviceaccounts", "token", "get", "ns", "sa", "", "can only create tokens for individual service accounts"},
		{core, "pods", "", "get", "ns", "p", "", "allow"},
		{core, "pods", "", "get", "ns", "p2", "", unrelated},
		{core, "pods", "", "list", "", "", "spec.nodeName=a", "allow"},
		{core, "pods", "", "watch", "", "", "spec.nodeName=a,status.phase!=Failed", "allow"},
		{core, "pods", "", "list", "", "", "spec.nodeName=b", "can only list/watch pods with spec.nodeName field selector"},
		{core, "pods", "", "list", "", "", "spec.nodeName!=a", "can only list/watch pods with spec.nodeName field selector"},
		{core, "pods", "", "list", "ns", "", "", "can only list/watch pods with spec.nodeName field selector"},
		{core, "pods", "", "list", "ns", "p2", "metadata.name=p2", "can only list/watch pods with spec.nodeName field selector"},
		{core, "pods", "status", "patch", "ns", "p", "", "allow"},
		{core, "pods", "", "delete", "ns", "p", "", "allow"},
		{core, "pods", "", "deletecollection", "ns", "", "spec.nodeName=a", ""},
		{core, "pods", "log", "get", "ns", "p", "", ""},
		{core, "pods", "exec", "create", "ns", "p", "", ""},
		{core, "nodes", "", "get", "", "a", "", "allow"},
		{core, "nodes", "", "watch", "", "a", "", "allow"},
		{core, "nodes", "", "list", "", "", "", "node 'a' cannot read all nodes, only its own Node object"},
		{core, "nodes", "", "get", "", "b", "", "node 'a' cannot read 'b', only its own Node object"},
		{core, "nodes", "status", "patch", "", "a", "", "allow"},
		{core, "nodes", "proxy", "get", "", "a", "", ""},
		{core, "services", "", "list", "", "", "", "allow"},
		{core, "endpoints", "", "list", "", "", "", ""},
		{storage, "volumeattachments", "", "get", "", "va", "", "allow"},
		{storage, "volumeattachments", "", "get", "", "va2", "", unrelated},
		{storage, "csinodes", "", "update", "", "a", "", "allow"},
		{storage, "csinodes", "", "create", "", "", "", "allow"},
		{storage, "csinodes", "", "update", "", "b", "", "can only access CSINode with the same name as the requesting node"},
		{storage, "csinodes", "", "list", "", "", "", "can only get, create, update, patch, or delete a CSINode"},
		{storage, "csinodes", "status", "get", "", "a", "", "cannot authorize CSINode subresources"},
		{storage, "csidrivers", "", "list", "", "", "", "allow"},
		{leases, "leases", "", "update", "kube-node-lease", "a", "", "allow"},
		{leases, "leases", "", "create", "kube-node-lease", "", "", "allow"},
		{leases, "leases", "", "create", "kube-node-lease", "b", "", "can only access node lease with the same name as the requesting node"},
		{leases, "leases", "", "get", "kube-node-lease", "b", "", "can only access node lease with the same name as the requesting node"},
		{leases, "leases", "", "get", "kube-system", "a", "", `can only access leases in the "kube-node-lease" system namespace`},
		{leases, "leases", "", "list", "kube-node-lease", "", "", "can only get, create, update, patch, or delete a node lease"},
		{draGroup, "resourceclaims", "", "get", "ns", "rc", "", "allow"},
		{draGroup, "resourceclaims", "", "get", "ns", "rc2", "", unrelated},
		{draGroup, "resourceclaims", "status", "get", "ns", "rc", "", "cannot get subresource"},
		{draGroup, "resourceslices", "", "list", "", "", "spec.nodeName=a", "allow"},
		{draGroup, "resourceslices", "", "deletecollection", "", "", "spec.nodeName=a", "allow"},
		{draGroup, "resourceslices", "", "deletecollection", "", "", "", "can only list/watch/deletecollection resourceslices with spec.nodeName field selector"},
		{draGroup, "resourceslices", "", "delete", "", "slice", "", "allow"},
		{draGroup, "resourceslices", "", "delete", "", "slice2", "", unrelated},
		{draGroup, "resourceslices", "", "create", "", "", "", "can only get, list, watch, update, patch or delete a ResourceSlice"},
		{certs, "podcertificaterequests", "", "create", "ns", "", "", "allow"},
		{certs, "podcertificaterequests", "", "get", "ns", "pcr", "", "allow"},
		{certs, "podcertificaterequests", "", "get", "ns", "pcr2", "", unrelated},
		{certs, "podcertificaterequests", "", "watch", "", "", "spec.nodeName=a", "allow"},
		{certs, "podcertificaterequests", "", "list", "ns", "", "", "can only list/watch podcertificaterequests with spec.nodeName field selector"},
		{certs, "podcertificaterequests", "status", "update", "ns", "pcr", "", "cannot authorize PodCertificateRequest subresources"},
		{certs, "clustertrustbundles", "", "list", "", "", "", "allow"},
		{certs, "clustertrustbundles", "", "update", "", "x", "", ""},
		{"apps", "deployments", "scale", "patch", "ns", "d", "", ""},
		{"rbac.authorization.k8s.io", "roles", "", "create", "ns", "", "", ""},
	} {
		attrs := authorizer.AttributesRecord{User: &user.DefaultInfo{Name: "system:node:a", Groups: []string{user.NodesGroup, user.AllAuthenticated}},
			Verb: test.verb, Namespace: test.namespace, APIGroup: test.group, Resource: test.resource, Subresource: test.subresource, Name: test.name,
			ResourceRequest: true}
		if test.selector != "" {
			selector, err := fields.ParseSelector(test.selector)
			if err != nil {
				t.Fatal(err)
			}
			attrs.FieldSelectorRequirements = selector.Requirements()
		}
		if got := decide(t, a, attrs); got != test.want {
			t.Errorf("%s %s/%s/%s %s/%s %s: %q, want %q", test.verb, test.group, test.resource, test.subresource, test.namespace, test.name, test.selector, got,
				test.want)
		}
	}
}

func decide(t *testing.T, a *Authorizer, attrs authorizer.Attributes) string {
	t.Helper()
	decision, reason, err := a.Authorize(t.Context(), attrs)
	switch {
	case err != nil:
		return err.Error()
	case decision == authorizer.DecisionDeny:
		return "deny"
	case decision == authorizer.DecisionAllow && reason == "":
		return "allow"
	}
	return reason
}

func TestUsers(t *testing.T) {
	a := synced(t)
	for _, test := range []struct {
		name string
		user user.Info
		want string
	}{
		{"kubelet", &user.DefaultInfo{Name: "system:node:a", Groups: []string{user.NodesGroup}}, "allow"},
		{"without the group", &user.DefaultInfo{Name: "system:node:a"}, ""},
		{"without the prefix", &user.DefaultInfo{Name: "a", Groups: []string{user.NodesGroup}}, ""},
		{"without a name", &user.DefaultInfo{Name: "system:node:", Groups: []string{user.NodesGroup}}, `unknown node for user "system:node:"`},
		{"another case", &user.DefaultInfo{Name: "system:node:A", Groups: []string{user.NodesGroup}}, "no relationship found between node 'A' and this object"},
		{"nobody", nil, ""},
	} {
		attrs := authorizer.AttributesRecord{User: test.user, Verb: "get", Namespace: "ns", Resource: "secrets", Name: "s", ResourceRequest: true}
		if got := decide(t, a, attrs); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		_, _, incomplete, err := a.RulesFor(t.Context(), test.user, "ns")
		if _, isNode := Identify(test.user); incomplete != isNode || (err != nil) != isNode {
			t.Errorf("%s: rules are incomplete: %v, %v", test.name, incomplete, err)
		}
	}
}

// TestSelectorOperators checks the operators that occur in
// SubjectAccessReviews, in addition to those in URLs.
func TestSelectorOperators(t *testing.T) {
	for operator, want := range map[selection.Operator]bool{
		selection.In: true, selection.Equals: true, selection.DoubleEquals: true, selection.NotIn: false, selection.NotEquals: false, selection.Exists: false,
	} {
		attrs := authorizer.AttributesRecord{FieldSelectorRequirements: fields.Requirements{{Operator: operator, Field: "spec.nodeName", Value: "a"}}}
		if got := selects(attrs, "a"); got != want {
			t.Errorf("%s: %v", operator, got)
		}
	}
}

// BenchmarkAuthorize measures a complete decision for a node that runs 250 of
// 10,000 pods.
func BenchmarkAuthorize(b *testing.B) {
	a, err := New(b.Context(), nil, func(schema.GroupVersionResource) bool { return false })
	if err != nil {
		b.Fatal(err)
	}
	filled := cluster(40, 10_000)
	a.feed.wait(b.Context())
	a.graph.vertices = filled.vertices
	attrs := authorizer.AttributesRecord{User: &user.DefaultInfo{Name: "system:node:node7", Groups: []string{user.NodesGroup, user.AllAuthenticated}},
		Verb: "get", Namespace: "ns7", Resource: "secrets", Name: "pod7", ResourceRequest: true}
	b.ReportAllocs()
	for b.Loop() {
		if decision, _, _ := a.Authorize(b.Context(), attrs); decision != authorizer.DecisionAllow {
			b.Fatal(decision)
		}
	}
}
