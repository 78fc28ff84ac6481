package evictionrequest

import (
	"slices"
	"testing"

	lifecyclev1alpha1 "k8s.io/api/lifecycle/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

func newRequest() *lifecyclev1alpha1.EvictionRequest {
	return &lifecyclev1alpha1.EvictionRequest{
		ObjectMeta: metav1.ObjectMeta{Name: "r", Namespace: "n", ResourceVersion: "1"},
		Spec: lifecyclev1alpha1.EvictionRequestSpec{
			Target: lifecyclev1alpha1.EvictionRequestTarget{
				Pod: &lifecyclev1alpha1.EvictionRequestPodReference{Name: "p", UID: "01234567-89ab-cdef-0123-456789abcdef"}},
			Requester: "example.com/drainer", Intent: lifecyclev1alpha1.EvictionRequestIntentEviction,
		},
	}
}

// TestValidation runs a transcript: see registrytest.Validate.
func TestValidation(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, newRequest)
}

// TestTags checks that the generated validation knows the type.
func TestTags(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*lifecyclev1alpha1.EvictionRequest)
		want   []string
	}{
		"good":      {func(*lifecyclev1alpha1.EvictionRequest) {}, nil},
		"no target": {func(r *lifecyclev1alpha1.EvictionRequest) { r.Spec.Target.Pod = nil }, []string{"spec.target"}},
		"no intent": {func(r *lifecyclev1alpha1.EvictionRequest) { r.Spec.Intent = "" }, []string{"spec.intent"}},
		"no domain": {func(r *lifecyclev1alpha1.EvictionRequest) { r.Spec.Requester = "drainer" }, []string{"spec.requester"}},
		"reserved":  {func(r *lifecyclev1alpha1.EvictionRequest) { r.Spec.Requester = "a.k8s.io/drainer" }, []string{"spec.requester"}},
		"bad UID":   {func(r *lifecyclev1alpha1.EvictionRequest) { r.Spec.Target.Pod.UID = "x" }, []string{"spec.target.pod.uid"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRequest()
			c.change(r)
			var fields []string
			for _, err := range apis.Scheme.Validate(t.Context(), nil, r) {
				fields = append(fields, err.Field)
			}
			if !slices.Equal(fields, c.want) {
				t.Errorf("mistakes in %q, want %q", fields, c.want)
			}
		})
	}
}

// TestGeneration checks that a changed intent counts.
func TestGeneration(t *testing.T) {
	old := newRequest()
	Resource.PrepareNew(t.Context(), old)
	r := old.DeepCopy()
	r.Spec.Intent = lifecyclev1alpha1.EvictionRequestIntentWithdrawn
	Resource.PrepareChange(t.Context(), "", r, old)
	if old.Generation != 1 || r.Generation != 2 {
		t.Errorf("generations %d and %d", old.Generation, r.Generation)
	}
}
