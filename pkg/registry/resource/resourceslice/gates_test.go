package resourceslice

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/utils/ptr"
)

// TestGated sets every field of the table in a slice and clears it.
func TestGated(t *testing.T) {
	for _, row := range gated {
		t.Run(string(row.Gate), func(t *testing.T) {
			s := spec{
				PerDeviceNodeSelection: ptr.To(true),
				PartitionTypeAttribute: ptr.To[resourcev1.FullyQualifiedName]("a/b"),
				SkipNodeOperations:     []resourcev1.SkipNodeOperation{"*"},
				SharedCounters:         []resourcev1.CounterSet{{}},
				Devices: []device{{}, {
					NodeName:                 ptr.To("node"),
					ConsumesCounters:         []resourcev1.DeviceCounterConsumption{{CompatibilityGroups: []string{"a"}}},
					Taints:                   []resourcev1.DeviceTaint{{}},
					BindingConditions:        []string{"a"},
					AllowMultipleAllocations: ptr.To(true),
					Capacity:                 map[resourcev1.QualifiedName]resourcev1.DeviceCapacity{"a": {RequestPolicy: &resourcev1.CapacityRequestPolicy{}}},
					Attributes:               map[resourcev1.QualifiedName]resourcev1.DeviceAttribute{"a": {IntValues: []int64{1}}},
					NodeAllocatableResources: map[corev1.ResourceName]resourcev1.NodeAllocatableResource{"cpu": {}},
				}},
			}
			if !row.Field(&s, true) {
				t.Error("the field is not set")
			}
			if row.Field(&s, false) {
				t.Errorf("the field is still set: %v", s)
			}
		})
	}
}
