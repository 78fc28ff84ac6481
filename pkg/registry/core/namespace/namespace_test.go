package namespace

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestPrepareForCreate(t *testing.T) {
	ns := &corev1.Namespace{Spec: corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{"example.com/x"}},
		Status: corev1.NamespaceStatus{Phase: corev1.NamespaceTerminating}}
	Resource.PrepareNew(t.Context(), ns)
	Resource.PrepareNew(t.Context(), ns)
	if ns.Status.Phase != corev1.NamespaceActive || !slices.Equal(ns.Spec.Finalizers, []corev1.FinalizerName{"example.com/x", "kubernetes"}) {
		t.Errorf("%+v", ns)
	}
}

func TestFinalizersFor(t *testing.T) {
	policy := func(p metav1.DeletionPropagation) *metav1.DeleteOptions {
		return &metav1.DeleteOptions{PropagationPolicy: &p}
	}
	for name, c := range map[string]struct {
		have    []string
		options *metav1.DeleteOptions
		want    []string
	}{
		"nothing said":        {[]string{"a/b", "orphan"}, &metav1.DeleteOptions{}, []string{"a/b", "orphan"}},
		"background":          {[]string{"a/b", "orphan"}, policy(metav1.DeletePropagationBackground), []string{"a/b"}},
		"foreground":          {[]string{"a/b", "orphan"}, policy(metav1.DeletePropagationForeground), []string{"a/b", "foregroundDeletion"}},
		"orphan":              {nil, policy(metav1.DeletePropagationOrphan), []string{"orphan"}},
		"orphanDependents":    {nil, &metav1.DeleteOptions{OrphanDependents: ptr.To(true)}, []string{"orphan"}},
		"no orphanDependents": {[]string{"orphan"}, &metav1.DeleteOptions{OrphanDependents: ptr.To(false)}, nil},
	} {
		if got := finalizersFor(c.have, c.options); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestValidation(t *testing.T) {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "a.b", ResourceVersion: "1"},
		Spec: corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{"bad"}}}
	const known = "name is neither a standard finalizer name nor is it fully qualified"
	errs := Resource.ValidateNew(t.Context(), ns)
	want := `[metadata.name: Invalid value: "a.b": must not contain dots, spec.finalizers: Invalid value: "bad": ` + known + "]"
	if got := errs.ToAggregate().Error(); got != want {
		t.Errorf("create: %s, want %s", got, want)
	}
	if got, want := Resource.ValidateChange(t.Context(), "finalize", ns, ns).ToAggregate().Error(), `spec.finalizers[0]: Invalid value: "bad": `+
		known; got != want {
		t.Errorf("finalize: %s, want %s", got, want)
	}
	for name, c := range map[string]struct {
		phase    corev1.NamespacePhase
		deleting bool
		want     int
	}{
		"active":                {corev1.NamespaceActive, false, 0},
		"terminating":           {corev1.NamespaceTerminating, true, 0},
		"terminating, kept":     {corev1.NamespaceTerminating, false, 1},
		"active, being deleted": {corev1.NamespaceActive, true, 1},
	} {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "a", ResourceVersion: "1"}, Status: corev1.NamespaceStatus{Phase: c.phase}}
		if c.deleting {
			ns.DeletionTimestamp = ptr.To(metav1.Now())
		}
		if errs := Resource.ValidateChange(t.Context(), "status", ns, ns); len(errs) != c.want {
			t.Errorf("%s: %v", name, errs)
		}
	}
}
