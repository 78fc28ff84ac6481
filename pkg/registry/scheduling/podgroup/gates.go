package podgroup

import (
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

type spec = schedulingv1beta1.PodGroupSpec

// gated are the fields of the spec behind feature gates, gatedStatus those of the
// status.
var (
	gated = []features.Gated[spec]{
		{Gate: features.CompositePodGroup, Field: features.Pointer(func(s *spec) **string { return &s.ParentCompositePodGroupName })},
		{Gate: features.TopologyAwareWorkloadScheduling, Field: features.Pointer(
			func(s *spec) **schedulingv1beta1.PodGroupSchedulingConstraints { return &s.SchedulingConstraints })},
		{Gate: features.DRAWorkloadResourceClaims, Field: features.Slice(
			func(s *spec) *[]schedulingv1beta1.PodGroupResourceClaim { return &s.ResourceClaims })},
		{Gate: features.PodGroupPreemptionPolicy, Field: features.Pointer(
			func(s *spec) **schedulingv1beta1.PreemptionPolicy { return &s.PreemptionPolicy })},
	}
	gatedStatus = []features.Gated[schedulingv1beta1.PodGroupStatus]{
		{Gate: features.DRAWorkloadResourceClaims, Field: features.Slice(
			func(s *schedulingv1beta1.PodGroupStatus) *[]schedulingv1beta1.PodGroupResourceClaimStatus {
				return &s.ResourceClaimStatuses
			})},
	}
)

// declarativeConfig tells the generated validation which gates are on. One that
// the old pod group uses counts as on, so that it keeps its fields.
func declarativeConfig(_, old object) rest.DeclarativeValidationConfig {
	options := map[string]bool{}
	for _, g := range gated {
		options[string(g.Gate)] = features.Enabled(g.Gate) || old != nil && g.Field(&old.Spec, false)
	}
	return rest.DeclarativeValidationConfig{Options: options}
}
