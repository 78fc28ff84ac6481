// Package claims has what resource claims and the templates for them have in
// common: the fields behind feature gates, and who may ask for administrative
// access.
package claims

import (
	resourcev1 "k8s.io/api/resource/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

type (
	exactly    = resourcev1.ExactDeviceRequest
	subrequest = resourcev1.DeviceSubRequest
)

// Gated are the fields of the spec of a claim that belong to a feature.
var Gated = []features.Gated[resourcev1.ResourceClaimSpec]{
	{Gate: features.DRAPrioritizedList, Field: InList(requests, features.Slice(
		func(r *resourcev1.DeviceRequest) *[]subrequest { return &r.FirstAvailable }))},
	{Gate: features.DRAAdminAccess, Field: inRequests(features.Pointer(func(r *exactly) **bool { return &r.AdminAccess }), nil)},
	{Gate: features.DRADeviceTaints, Field: inRequests(
		features.Slice(func(r *exactly) *[]resourcev1.DeviceToleration { return &r.Tolerations }),
		features.Slice(func(r *subrequest) *[]resourcev1.DeviceToleration { return &r.Tolerations }))},
	{Gate: features.DRAConsumableCapacity, Field: inRequests(
		features.Pointer(func(r *exactly) **resourcev1.CapacityRequirements { return &r.Capacity }),
		features.Pointer(func(r *subrequest) **resourcev1.CapacityRequirements { return &r.Capacity }))},
	{Gate: features.DRAConsumableCapacity, Field: InList(constraints, features.Pointer(
		func(c *resourcev1.DeviceConstraint) **resourcev1.FullyQualifiedName { return &c.DistinctAttribute }))},
	{Gate: features.DRADerivedAttributes, Field: inRequests(
		features.Slice(func(r *exactly) *[]resourcev1.DeviceDerivedAttribute { return &r.DerivedAttributes }),
		features.Slice(func(r *subrequest) *[]resourcev1.DeviceDerivedAttribute { return &r.DerivedAttributes }))},
}

func requests(spec *resourcev1.ResourceClaimSpec) []resourcev1.DeviceRequest {
	return spec.Devices.Requests
}

func constraints(spec *resourcev1.ResourceClaimSpec) []resourcev1.DeviceConstraint {
	return spec.Devices.Constraints
}

// InList is features.Gated.Field for a field of the items of a list.
func InList[T, I any](list func(obj *T) []I, field func(item *I, clear bool) bool) func(obj *T, clear bool) bool {
	return func(obj *T, clear bool) (used bool) {
		items := list(obj)
		for i := range items {
			used = field(&items[i], clear) || used
		}
		return used
	}
}

// inRequests is features.Gated.Field for a field that exact requests and
// subrequests have. It may be nil for the latter.
func inRequests(
	exact func(r *exactly, clear bool) bool, sub func(r *subrequest, clear bool) bool,
) func(spec *resourcev1.ResourceClaimSpec, clear bool) bool {
	return InList(requests, func(r *resourcev1.DeviceRequest, clear bool) (used bool) {
		if r.Exactly != nil {
			used = exact(r.Exactly, clear)
		}
		for i := range r.FirstAvailable {
			used = sub != nil && sub(&r.FirstAvailable[i], clear) || used
		}
		return used
	})
}
