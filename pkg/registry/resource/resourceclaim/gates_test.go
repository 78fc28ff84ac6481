package resourceclaim

import (
	"testing"

	resourcev1 "k8s.io/api/resource/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// TestGatedStatus sets every field of the table in a status and clears it.
func TestGatedStatus(t *testing.T) {
	for _, row := range gatedStatus {
		t.Run(string(row.Gate), func(t *testing.T) {
			s := claimStatus{
				Allocation: &resourcev1.AllocationResult{AllocationTimestamp: ptr.To(metav1.Now()), Devices: resourcev1.DeviceAllocationResult{Results: []result{{
					AdminAccess: ptr.To(true), Tolerations: []resourcev1.DeviceToleration{{}}, BindingConditions: []string{"a"},
					ShareID: ptr.To[types.UID]("u"), SkipNodeOperations: []resourcev1.SkipNodeOperation{"*"},
				}}}},
				Devices: []resourcev1.AllocatedDeviceStatus{{ShareID: ptr.To("u")}},
			}
			if !row.Field(&s, true) {
				t.Error("the field is not set")
			}
			if row.Field(&s, false) {
				t.Errorf("the field is still set: %v", s)
			}
			row.Field(&claimStatus{}, true)
		})
	}
}

// TestDeallocation checks that what was said of a device goes with its allocation.
func TestDeallocation(t *testing.T) {
	device := resourcev1.AllocatedDeviceStatus{Driver: "d", Pool: "p", Device: "one"}
	other := resourcev1.AllocatedDeviceStatus{Driver: "d", Pool: "p", Device: "two"}
	old := &resourcev1.ResourceClaim{Status: claimStatus{
		Allocation: &resourcev1.AllocationResult{Devices: resourcev1.DeviceAllocationResult{Results: []result{{Driver: "d", Pool: "p", Device: "one"}}}},
		Devices:    []resourcev1.AllocatedDeviceStatus{device},
	}}
	c := old.DeepCopy()
	c.Status.Allocation = nil
	c.Status.Devices = append(c.Status.Devices, other)
	New(Needs{}).PrepareChange(t.Context(), "status", c, old)
	if len(c.Status.Devices) != 1 || c.Status.Devices[0].Device != "two" {
		t.Errorf("%v is left", c.Status.Devices)
	}
}
