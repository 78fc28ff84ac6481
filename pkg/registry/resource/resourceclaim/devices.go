package resourceclaim

import (
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/ptr"
)

// deviceKey identifies an allocated device, or the share of one. Messages quote
// it.
type deviceKey struct{ Driver, Pool, Device, ShareID string }

func keyOf(d *resourcev1.AllocatedDeviceStatus) deviceKey {
	return deviceKey{d.Driver, d.Pool, d.Device, ptr.Deref(d.ShareID, "")}
}

// allocated returns the devices that are allocated.
func allocated(s *resourcev1.ResourceClaimStatus) sets.Set[deviceKey] {
	keys := sets.Set[deviceKey]{}
	for _, r := range results(s) {
		keys.Insert(deviceKey{r.Driver, r.Pool, r.Device, string(ptr.Deref(r.ShareID, ""))})
	}
	return keys
}

// withoutDeallocated returns what the new status says of devices, except for those
// that the old status allocates and the new one does not.
func withoutDeallocated(status, old *resourcev1.ResourceClaimStatus) []resourcev1.AllocatedDeviceStatus {
	deallocated := allocated(old).Difference(allocated(status))
	if len(deallocated) == 0 {
		return status.Devices
	}
	var kept []resourcev1.AllocatedDeviceStatus
	for i := range status.Devices {
		if !deallocated.Has(keyOf(&status.Devices[i])) {
			kept = append(kept, status.Devices[i])
		}
	}
	return kept
}
