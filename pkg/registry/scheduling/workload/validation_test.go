package workload

import (
	"testing"

	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	featuregatetesting "k8s.io/component-base/featuregate/testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

// TestValidation runs transcripts: see registrytest.Validate.
func TestValidation(t *testing.T) {
	base := func() object {
		return &schedulingv1beta1.Workload{ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "n", ResourceVersion: "1"}}
	}
	t.Run("by default", func(t *testing.T) { registrytest.Validate(t, "testdata/validation.txt", Resource, base) })
	t.Run("with gates", func(t *testing.T) {
		featuregatetesting.SetFeatureGatesDuringTest(t, features.Gate(), featuregatetesting.FeatureOverrides{
			features.GenericWorkload: true, features.CompositePodGroup: true, features.TopologyAwareWorkloadScheduling: true,
			features.DRAWorkloadResourceClaims: true, features.PodGroupPreemptionPolicy: true,
		})
		registrytest.Validate(t, "testdata/gates.txt", Resource, base)
	})
}

// TestDrop checks what is left of fields whose gates are off, at every place of
// the tree.
func TestDrop(t *testing.T) {
	never := schedulingv1beta1.PreemptNever
	full := schedulingv1beta1.PodGroupTemplate{Name: "p", SchedulingConstraints: &schedulingv1beta1.PodGroupSchedulingConstraints{},
		ResourceClaims: []schedulingv1beta1.PodGroupResourceClaim{{Name: "c"}}, PreemptionPolicy: &never}
	tree := &schedulingv1beta1.Workload{Spec: schedulingv1beta1.WorkloadSpec{
		PodGroupTemplates: []schedulingv1beta1.PodGroupTemplate{full},
		CompositePodGroupTemplates: []schedulingv1beta1.CompositePodGroupTemplate{{Name: "c", PreemptionPolicy: &never,
			PodGroupTemplates: []schedulingv1beta1.PodGroupTemplate{full}}},
	}}
	is := func(t *testing.T, w object, composites int, kept bool) {
		t.Helper()
		p := w.Spec.PodGroupTemplates[0]
		if (p.SchedulingConstraints != nil) != kept || (p.ResourceClaims != nil) != kept || (p.PreemptionPolicy != nil) != kept {
			t.Errorf("left of the template: %v", p)
		}
		if len(w.Spec.CompositePodGroupTemplates) != composites {
			t.Errorf("%d composite templates", len(w.Spec.CompositePodGroupTemplates))
		}
	}
	t.Run("new", func(t *testing.T) {
		w := tree.DeepCopy()
		Resource.PrepareNew(t.Context(), w)
		is(t, w, 0, false)
	})
	t.Run("used before", func(t *testing.T) {
		w := tree.DeepCopy()
		Resource.PrepareChange(t.Context(), "", w, tree)
		is(t, w, 1, true)
	})
	t.Run("composite templates", func(t *testing.T) {
		featuregatetesting.SetFeatureGatesDuringTest(t, features.Gate(), featuregatetesting.FeatureOverrides{
			features.GenericWorkload: true, features.CompositePodGroup: true})
		w := tree.DeepCopy()
		Resource.PrepareNew(t.Context(), w)
		is(t, w, 1, false)
		if c := w.Spec.CompositePodGroupTemplates[0]; c.PreemptionPolicy != nil || c.PodGroupTemplates[0].ResourceClaims != nil {
			t.Errorf("left of the composite template: %v", c)
		}
	})
}
