package resourceclaim

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	authserviceaccount "k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/claims"
)

// statusRules decide about an update of the status.
type statusRules struct {
	access     *claims.AdminAccess
	authorizer authorizer.Authorizer
}

func (r statusRules) validate(ctx context.Context, c, old object) field.ErrorList {
	errs := r.authorize(ctx, c, old)
	if c.Status.Allocation != nil && !apiequality.Semantic.DeepEqual(c.Status.Allocation, old.Status.Allocation) {
		errs = append(errs, r.access.ValidateAllocation(ctx, c.Status.Allocation, c.Namespace)...)
	}
	return append(errs, validateStatus(c, old)...)
}

// authorize asks whether the user may change what the update changes of the
// status: the scheduler binds claims, and each driver reports about its own devices.
// Both need permissions beside that for resourceclaims/status (KEP-4817,
// DRAResourceClaimGranularStatusAuthorization).
func (r statusRules) authorize(ctx context.Context, c, old object) field.ErrorList {
	if !features.Enabled(features.DRAResourceClaimGranularStatusAuthorization) {
		return nil
	}
	requester, ok := genericapirequest.UserFrom(ctx)
	info, found := genericapirequest.RequestInfoFrom(ctx)
	if !ok || !found {
		return field.ErrorList{field.InternalError(field.NewPath("status"), fmt.Errorf("the context has no user or no request info"))}
	}
	asked := authorizer.AttributesRecord{
		User: requester, Verb: info.Verb, APIGroup: resourcev1.GroupName, APIVersion: "*", Resource: "resourceclaims", ResourceRequest: true,
	}
	var errs field.ErrorList
	if !apiequality.Semantic.DeepEqual(c.Status.Allocation, old.Status.Allocation) ||
		!apiequality.Semantic.DeepEqual(c.Status.ReservedFor, old.Status.ReservedFor) {
		errs = append(errs, r.authorizeBinding(ctx, asked)...)
	}
	if drivers := changedDrivers(c, old); len(drivers) > 0 {
		verbs := driverVerbs(requester, info.Verb, c.Status.Allocation)
		asked.Namespace, asked.Subresource = c.Namespace, resourcev1.SubresourceDriver
		for _, driver := range drivers {
			asked.Name = driver
			errs = append(errs, r.authorizeDriver(ctx, asked, verbs)...)
		}
	}
	return errs
}

// authorizeBinding asks at the cluster scope, as kube-apiserver does.
func (r statusRules) authorizeBinding(ctx context.Context, asked authorizer.AttributesRecord) field.ErrorList {
	asked.Subresource = resourcev1.SubresourceBinding
	if err := r.refusal(ctx, asked); err != nil {
		return field.ErrorList{field.Forbidden(allocationPath, fmt.Sprintf(
			"changing status.allocation or status.reservedFor requires resource=%q, verb=%q permission: %v", "resourceclaims/binding", asked.Verb, err))}
	}
	return nil
}

// authorizeDriver asks for one of the verbs. The error has what was said about the
// first.
func (r statusRules) authorizeDriver(ctx context.Context, asked authorizer.AttributesRecord, verbs []string) field.ErrorList {
	var first error
	for _, verb := range verbs {
		asked.Verb = verb
		err := r.refusal(ctx, asked)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return field.ErrorList{field.Forbidden(devicesPath, fmt.Sprintf(
		"changing status.devices requires resource=%q, verb=%q permission: %v", "resourceclaims/driver", fmt.Sprint(verbs), first))}
}

// refusal returns why a request is not allowed, and nil if it is.
func (r statusRules) refusal(ctx context.Context, asked authorizer.AttributesRecord) error {
	decision, reason, err := r.authorizer.Authorize(ctx, asked)
	if decision == authorizer.DecisionAllow {
		return nil
	}
	if err != nil {
		return err
	}
	return responsewriters.ForbiddenStatusError(asked, reason)
}

// changedDrivers are the drivers whose devices have another status than before, in
// the order of their names. What is said of devices that are deallocated goes with
// them and needs no permission.
func changedDrivers(c, old object) []string {
	before := byKey(withoutDeallocated(&resourcev1.ResourceClaimStatus{Allocation: c.Status.Allocation, Devices: old.Status.Devices}, &old.Status))
	after := byKey(c.Status.Devices)
	changed := sets.Set[string]{}
	for key, device := range after {
		if was, ok := before[key]; !ok || !apiequality.Semantic.DeepEqual(device, was) {
			changed.Insert(key.Driver)
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			changed.Insert(key.Driver)
		}
	}
	return sets.List(changed)
}

func byKey(devices []resourcev1.AllocatedDeviceStatus) map[deviceKey]resourcev1.AllocatedDeviceStatus {
	keys := make(map[deviceKey]resourcev1.AllocatedDeviceStatus, len(devices))
	for i := range devices {
		keys[keyOf(&devices[i])] = devices[i]
	}
	return keys
}

// driverVerbs are the verbs of which a driver needs one. A service account whose
// token is bound to the node for which the claim is allocated may have the right
// for this node only.
func driverVerbs(requester user.Info, verb string, allocation *resourcev1.AllocationResult) []string {
	anywhere := resourcev1.VerbPrefixArbitraryNode + verb
	nodes := requester.GetExtra()[authserviceaccount.NodeNameKey]
	_, _, err := authserviceaccount.SplitUsername(requester.GetName())
	if err == nil && len(nodes) == 1 && nodes[0] != "" && nodes[0] == nodeOf(allocation) {
		return []string{resourcev1.VerbPrefixAssociatedNode + verb, anywhere}
	}
	return []string{anywhere}
}

// nodeOf returns the name of the one node for which devices are allocated, as the
// scheduler writes it, and "" if it is not for one node.
func nodeOf(allocation *resourcev1.AllocationResult) string {
	if allocation == nil || allocation.NodeSelector == nil || len(allocation.NodeSelector.NodeSelectorTerms) != 1 {
		return ""
	}
	term := allocation.NodeSelector.NodeSelectorTerms[0]
	if len(term.MatchExpressions) > 0 || len(term.MatchFields) != 1 {
		return ""
	}
	name := term.MatchFields[0]
	if name.Key != "metadata.name" || name.Operator != corev1.NodeSelectorOpIn || len(name.Values) != 1 {
		return ""
	}
	return name.Values[0]
}
