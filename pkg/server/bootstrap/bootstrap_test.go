package bootstrap

import (
	"testing"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

func TestEnsureFlowControl(t *testing.T) {
	ctx := t.Context()
	client := fake.NewClientset()
	ensure := func() {
		t.Helper()
		if err := ensureFlowControl(ctx, needsOf(client)); err != nil {
			t.Fatal(err)
		}
	}
	levels, schemas := client.FlowcontrolV1().PriorityLevelConfigurations(), client.FlowcontrolV1().FlowSchemas()
	ensure()
	all, err := levels.List(ctx, metav1.ListOptions{})
	if err != nil || len(all.Items) != 8 {
		t.Fatalf("%d priority levels, %v", len(all.Items), err)
	}
	if all, err := schemas.List(ctx, metav1.ListOptions{}); err != nil || len(all.Items) != 11 {
		t.Fatalf("%d flow schemas, %v", len(all.Items), err)
	}

	for _, test := range []struct {
		name, level, annotation string
		generation              int64
		restored                bool
	}{
		{"suggested, updated by the server", "workload-low", "true", 7, true},
		{"suggested, maintained by a user", "workload-low", "false", 7, false},
		{"suggested, without annotation, unchanged", "workload-low", "", 1, true},
		{"suggested, without annotation, changed", "workload-low", "", 2, false},
		{"mandatory", "catch-all", "false", 7, true},
	} {
		level, err := levels.Get(ctx, test.level, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := *level.Spec.Limited.NominalConcurrencyShares
		level.Annotations, level.Generation = nil, test.generation
		if test.annotation != "" {
			level.Annotations = map[string]string{flowcontrolv1.AutoUpdateAnnotationKey: test.annotation}
		}
		level.Spec.Limited.NominalConcurrencyShares = ptr.To(want + 1)
		if _, err := levels.Update(ctx, level, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		ensure()
		level, err = levels.Get(ctx, test.level, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if restored := *level.Spec.Limited.NominalConcurrencyShares == want; restored != test.restored {
			t.Errorf("%s: the server has restored the spec: %t", test.name, restored)
		}
		level.Annotations = map[string]string{flowcontrolv1.AutoUpdateAnnotationKey: "true"}
		if _, err := levels.Update(ctx, level, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		ensure()
	}

	if err := schemas.Delete(ctx, "probes", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	ensure()
	if _, err := schemas.Get(ctx, "probes", metav1.GetOptions{}); err != nil {
		t.Errorf("a deleted flow schema was not created again: %v", err)
	}
}
