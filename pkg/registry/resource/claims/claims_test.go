package claims

import (
	"testing"

	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/utils/ptr"
)

// TestGated sets every field of the table in a claim and clears it.
func TestGated(t *testing.T) {
	tolerations := []resourcev1.DeviceToleration{{Key: "k"}}
	derived := []resourcev1.DeviceDerivedAttribute{{Name: "a/b", Expression: "1"}}
	for _, row := range Gated {
		t.Run(string(row.Gate), func(t *testing.T) {
			spec := resourcev1.ResourceClaimSpec{Devices: resourcev1.DeviceClaim{
				Requests: []resourcev1.DeviceRequest{
					{Name: "one", Exactly: &resourcev1.ExactDeviceRequest{
						AdminAccess: ptr.To(true), Tolerations: tolerations, Capacity: &resourcev1.CapacityRequirements{}, DerivedAttributes: derived}},
					{Name: "two", FirstAvailable: []resourcev1.DeviceSubRequest{
						{Tolerations: tolerations, Capacity: &resourcev1.CapacityRequirements{}, DerivedAttributes: derived}}},
				},
				Constraints: []resourcev1.DeviceConstraint{{MatchAttribute: ptr.To[resourcev1.FullyQualifiedName]("a/b")},
					{DistinctAttribute: ptr.To[resourcev1.FullyQualifiedName]("a/b")}},
			}}
			if !row.Field(&spec, true) {
				t.Error("the field is not set")
			}
			if row.Field(&spec, false) {
				t.Errorf("the field is still set: %v", spec)
			}
		})
	}
}
