package workload

import (
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// Short names of the types of a workload's tree.
type (
	spec      = schedulingv1beta1.WorkloadSpec
	leaf      = schedulingv1beta1.PodGroupTemplate
	composite = schedulingv1beta1.CompositePodGroupTemplate
)

// gated are the fields behind feature gates, at every place in the tree of
// templates. The composite templates come first: with them go all fields inside.
var gated = []features.Gated[spec]{
	{Gate: features.CompositePodGroup, Field: features.Slice(func(s *spec) *[]composite { return &s.CompositePodGroupTemplates })},
	{Gate: features.TopologyAwareWorkloadScheduling, Field: inTree(
		features.Pointer(func(t *leaf) **schedulingv1beta1.PodGroupSchedulingConstraints { return &t.SchedulingConstraints }), nil)},
	{Gate: features.DRAWorkloadResourceClaims, Field: inTree(
		features.Slice(func(t *leaf) *[]schedulingv1beta1.PodGroupResourceClaim { return &t.ResourceClaims }), nil)},
	{Gate: features.PodGroupPreemptionPolicy, Field: inTree(
		features.Pointer(func(t *leaf) **schedulingv1beta1.PreemptionPolicy { return &t.PreemptionPolicy }),
		features.Pointer(func(t *composite) **schedulingv1beta1.PreemptionPolicy { return &t.PreemptionPolicy }))},
}

// inTree returns Gated.Field for a field of all templates: one function for pod
// groups and one, which may be nil, for composite pod groups.
func inTree(ofLeaf func(t *leaf, clear bool) bool, ofComposite func(t *composite, clear bool) bool) func(s *spec, clear bool) bool {
	return func(s *spec, clear bool) (used bool) {
		visit(s.PodGroupTemplates, s.CompositePodGroupTemplates,
			func(t *leaf) { used = ofLeaf(t, clear) || used },
			func(t *composite) { used = ofComposite != nil && ofComposite(t, clear) || used })
		return used
	}
}

// visit calls a function for each template of a tree.
func visit(leaves []leaf, composites []composite, onLeaf func(*leaf), onComposite func(*composite)) {
	for i := range leaves {
		onLeaf(&leaves[i])
	}
	for i := range composites {
		t := &composites[i]
		onComposite(t)
		visit(t.PodGroupTemplates, t.CompositePodGroupTemplates, onLeaf, onComposite)
	}
}

// declarativeConfig tells the generated validation which gates are on. One that
// the old workload uses counts as on, so that it keeps its fields.
func declarativeConfig(_, old object) rest.DeclarativeValidationConfig {
	options := map[string]bool{}
	for _, g := range gated {
		options[string(g.Gate)] = features.Enabled(g.Gate) || old != nil && g.Field(&old.Spec, false)
	}
	return rest.DeclarativeValidationConfig{Options: options}
}
