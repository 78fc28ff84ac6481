package resourceclaim

import (
	"context"

	resourcev1 "k8s.io/api/resource/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/claims"
)

type (
	claimStatus = resourcev1.ResourceClaimStatus
	result      = resourcev1.DeviceRequestAllocationResult
)

// gatedStatus are the fields of the status that belong to a feature. Conditions
// for binding need the status of devices too.
var gatedStatus = []features.Gated[claimStatus]{
	{Gate: features.DRAAdminAccess, Field: claims.InList(results, features.Pointer(func(r *result) **bool { return &r.AdminAccess }))},
	{Gate: features.DRADeviceTaints, Field: claims.InList(results, features.Slice(
		func(r *result) *[]resourcev1.DeviceToleration { return &r.Tolerations }))},
	{Gate: features.DRADeviceBindingConditions, Field: bindingFields},
	{Gate: features.DRAResourceClaimDeviceStatus, Field: bindingFields},
	{Gate: features.DRAConsumableCapacity, Field: claims.InList(results, consumed)},
	{Gate: features.DRAConsumableCapacity, Field: claims.InList(
		func(s *claimStatus) []resourcev1.AllocatedDeviceStatus { return s.Devices },
		features.Pointer(func(d *resourcev1.AllocatedDeviceStatus) **string { return &d.ShareID }))},
	{Gate: features.DRAOptionalNodeOperations, Field: claims.InList(results, features.Slice(
		func(r *result) *[]resourcev1.SkipNodeOperation { return &r.SkipNodeOperations }))},
	{Gate: features.DRAResourceClaimDeviceStatus, Field: features.Slice(
		func(s *claimStatus) *[]resourcev1.AllocatedDeviceStatus { return &s.Devices })},
}

func results(s *claimStatus) []result {
	if s.Allocation == nil {
		return nil
	}
	return s.Allocation.Devices.Results
}

func bindingFields(s *claimStatus, clear bool) bool {
	used := claims.InList(results, func(r *result, clear bool) bool {
		used := len(r.BindingConditions) > 0 || len(r.BindingFailureConditions) > 0
		if clear {
			r.BindingConditions, r.BindingFailureConditions = nil, nil
		}
		return used
	})(s, clear)
	if s.Allocation != nil {
		used = used || s.Allocation.AllocationTimestamp != nil
		if clear {
			s.Allocation.AllocationTimestamp = nil
		}
	}
	return used
}

func consumed(r *result, clear bool) bool {
	used := r.ShareID != nil || len(r.ConsumedCapacity) > 0
	if clear {
		r.ShareID, r.ConsumedCapacity = nil, nil
	}
	return used
}

// prepareStatus drops what belongs to features that are off, and what was said of
// devices that are no longer allocated.
func prepareStatus(_ context.Context, c, old object) {
	features.Drop(&c.Status, &old.Status, gatedStatus)
	c.Status.Devices = withoutDeallocated(&c.Status, &old.Status)
}
