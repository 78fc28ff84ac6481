package compositepodgroup

import (
	"testing"

	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

func newGroup() object {
	return &schedulingv1alpha3.CompositePodGroup{ObjectMeta: metav1.ObjectMeta{Name: "g", Namespace: "n", ResourceVersion: "1"}}
}

// TestValidation runs a transcript: see registrytest.Validate.
func TestValidation(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, newGroup)
}

// TestDrop checks that a new group loses its preemption policy without the gate,
// and that one which has it keeps it.
func TestDrop(t *testing.T) {
	never := schedulingv1alpha3.PreemptNever
	group := newGroup()
	group.Spec.PreemptionPolicy = &never
	old := group.DeepCopy()
	Resource.PrepareChange(t.Context(), "", group, old)
	if group.Spec.PreemptionPolicy == nil {
		t.Error("the update dropped the preemption policy")
	}
	Resource.PrepareNew(t.Context(), group)
	if group.Spec.PreemptionPolicy != nil {
		t.Error("the new group has a preemption policy")
	}
}
