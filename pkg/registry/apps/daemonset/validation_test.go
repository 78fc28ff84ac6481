package daemonset

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

func base() *appsv1.DaemonSet {
	return &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default", ResourceVersion: "1"}}
}

// TestValidate runs a transcript: see registrytest.Validate.
func TestValidate(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, base)
}

// TestTemplateGeneration: only the server counts the changes of the template.
func TestTemplateGeneration(t *testing.T) {
	const key = appsv1.DeprecatedTemplateGeneration
	for name, c := range map[string]struct {
		change func(ds *appsv1.DaemonSet)
		want   string
	}{
		"nothing":  {func(*appsv1.DaemonSet) {}, "4"},
		"strategy": {func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds = 3 }, "4"},
		"template": {func(ds *appsv1.DaemonSet) { ds.Spec.Template.Labels = map[string]string{"a": "b"} }, "5"},
		"client":   {func(ds *appsv1.DaemonSet) { ds.Annotations = map[string]string{key: "9"} }, "4"},
	} {
		old := base()
		old.Annotations = map[string]string{key: "4"}
		ds := base()
		c.change(ds)
		Resource.PrepareChange(t.Context(), "", ds, old)
		if got := ds.Annotations[key]; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
