package podgroupprotection

import (
	"slices"
	"testing"

	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

func TestAdmit(t *testing.T) {
	plugin, err := Plugin().New(nil)
	testutil.Check(t, err)
	group := &schedulingv1beta1.PodGroup{}
	group.Finalizers = []string{"a.b/c"}
	testutil.Check(t, plugin.(apiadmission.MutationInterface).Admit(t.Context(), apiadmission.NewAttributesRecord(group, nil, schema.GroupVersionKind{},
		"ns", "g", schedulingv1beta1.SchemeGroupVersion.WithResource("podgroups"), "", apiadmission.Create, nil, false, nil), nil))
	if want := []string{"a.b/c", finalizer}; !slices.Equal(group.Finalizers, want) {
		t.Errorf("finalizers %q, want %q", group.Finalizers, want)
	}
	if plugin.Handles(apiadmission.Update) {
		t.Error("an update cannot remove the finalizer")
	}
}
