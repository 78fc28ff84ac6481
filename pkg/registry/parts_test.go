package registry

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// workload is a resource with a spec, a status and two facets, served in two
// versions.
func workload() *Resource[*appsv1.Deployment] {
	return &Resource[*appsv1.Deployment]{
		GVR:      appsv1.SchemeGroupVersion.WithResource("deployments"),
		Versions: []schema.GroupVersion{appsv1.SchemeGroupVersion, {Group: "apps", Version: "v1beta1"}},
		Parts: Parts[*appsv1.Deployment]{
			Spec:        Part(func(d *appsv1.Deployment) *appsv1.DeploymentSpec { return &d.Spec }),
			Status:      Part(func(d *appsv1.Deployment) *appsv1.DeploymentStatus { return &d.Status }),
			Generations: true,
			AlsoCounts:  func(d, old *appsv1.Deployment) bool { return d.Annotations["a"] != old.Annotations["a"] },
		},
		ValidateName: apivalidation.NameIsDNSLabel,
		Hooks: Hooks[*appsv1.Deployment]{
			Validate: func(context.Context, *appsv1.Deployment) field.ErrorList {
				return field.ErrorList{field.Required(field.NewPath("new"), "")}
			},
			ValidateUpdate: func(context.Context, *appsv1.Deployment, *appsv1.Deployment) field.ErrorList {
				return field.ErrorList{field.Required(field.NewPath("change"), "")}
			},
		},
		Facets: map[string]Facet[*appsv1.Deployment]{
			"status":   {Metadata: KeepUserMetadata(), Hooks: Hooks[*appsv1.Deployment]{OnUpdate: []Rule{Whole}}},
			"approval": {Hooks: Hooks[*appsv1.Deployment]{Resets: []string{"status.replicas"}}, WritesStatus: true},
			"other":    {Metadata: KeepMetadata()},
		},
	}
}

func TestPrepareNew(t *testing.T) {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: 7}, Status: appsv1.DeploymentStatus{Replicas: 3}}
	r := workload()
	r.PrepareNew(t.Context(), d)
	if d.Generation != 1 || d.Status.Replicas != 0 {
		t.Errorf("generation %d, status %+v", d.Generation, d.Status)
	}
	r.Parts.CreateWithStatus = true
	d.Status.Replicas = 3
	if r.PrepareNew(t.Context(), d); d.Status.Replicas != 3 {
		t.Error("the status that a client may set is cleared")
	}
}

func TestPrepareChange(t *testing.T) {
	old := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: 3, Labels: map[string]string{"l": "old"}, ResourceVersion: "1"}}
	for name, c := range map[string]struct {
		facet  string
		change func(d *appsv1.Deployment)
		want   string
	}{
		"spec":               {"", func(d *appsv1.Deployment) { d.Spec.Paused = true }, "spec true, status 0, generation 4, label new"},
		"annotation":         {"", func(d *appsv1.Deployment) { d.Annotations = map[string]string{"a": "b"} }, "spec false, status 0, generation 4, label new"},
		"only metadata":      {"", func(*appsv1.Deployment) {}, "spec false, status 0, generation 3, label new"},
		"status":             {"status", func(d *appsv1.Deployment) { d.Spec.Paused = true }, "spec false, status 9, generation 3, label old"},
		"part of the status": {"approval", func(d *appsv1.Deployment) { d.Spec.Paused = true }, "spec false, status 9, generation 3, label new"},
		"another facet":      {"other", func(d *appsv1.Deployment) { d.Spec.Paused = true }, "spec true, status 0, generation 4, label old"},
	} {
		d := old.DeepCopy()
		d.Labels, d.Status.Replicas, d.Generation = map[string]string{"l": "new"}, 9, 100
		c.change(d)
		workload().PrepareChange(t.Context(), c.facet, d, old)
		got := fmt.Sprintf("spec %t, status %d, generation %d, label %s", d.Spec.Paused, d.Status.Replicas, d.Generation, d.Labels["l"])
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestResetFieldsOfEveryVersion(t *testing.T) {
	r := workload()
	for facet, want := range map[string]*fieldpath.Set{
		"":         fieldpath.NewSet(fieldpath.MakePathOrDie("status")),
		"status":   fieldpath.NewSet(fieldpath.MakePathOrDie("metadata"), fieldpath.MakePathOrDie("spec")),
		"approval": fieldpath.NewSet(fieldpath.MakePathOrDie("spec"), fieldpath.MakePathOrDie("status", "replicas")),
		"other":    fieldpath.NewSet(fieldpath.MakePathOrDie("metadata"), fieldpath.MakePathOrDie("status")),
	} {
		got := r.strategy(nil, r.facet(facet)).GetResetFields()
		if len(got) != 2 || !got["apps/v1"].Equals(want) || !got["apps/v1beta1"].Equals(want) {
			t.Errorf("%q: %v, want %v in both versions", facet, got, want)
		}
	}
}

func TestRulesForUpdates(t *testing.T) {
	old := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "A", Namespace: "n", ResourceVersion: "1"}}
	d := old.DeepCopy()
	d.Finalizers = []string{"odd"}
	for name, c := range map[string]struct {
		facet string
		rules []Rule
		want  []string
	}{
		"by default": {"", nil, []string{"metadata.finalizers[0]", "change"}},
		"whole, then both": {"", []Rule{Whole, MetadataChange, Change},
			[]string{"metadata.name", "metadata.finalizers[0]", "new", "metadata.finalizers[0]", "change"}},
		"as a new object": {"", []Rule{Metadata, Change}, []string{"metadata.name", "metadata.finalizers[0]", "change"}},
		"of a facet":      {"status", nil, []string{"metadata.name", "metadata.finalizers[0]", "new"}},
	} {
		r := workload()
		r.OnUpdate = c.rules
		var got []string
		for _, err := range r.ValidateChange(t.Context(), c.facet, d, old) {
			got = append(got, err.Field)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	r := workload()
	r.AnyFinalizer = true
	if errs := r.ValidateChange(t.Context(), "", d, old); len(errs) != 1 {
		t.Errorf("any finalizer: %v", errs)
	}
}
