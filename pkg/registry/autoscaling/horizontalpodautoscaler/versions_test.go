package horizontalpodautoscaler_test

import (
	"testing"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestWatchInBothVersions checks that watches in both versions see an object
// that was created in one version.
func TestWatchInBothVersions(t *testing.T) {
	ctx := t.Context()
	client := kubernetes.NewForConfigOrDie(testserver.Start(t).Config)
	v1, v2 := client.AutoscalingV1().HorizontalPodAutoscalers("default"), client.AutoscalingV2().HorizontalPodAutoscalers("default")
	target := int32(55)
	created, err := v1.Create(ctx, &autoscalingv1.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: autoscalingv1.HorizontalPodAutoscalerSpec{
			MaxReplicas:                    3,
			TargetCPUUtilizationPercentage: &target,
			ScaleTargetRef:                 autoscalingv1.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	byName := metav1.ListOptions{FieldSelector: "metadata.name=web", ResourceVersion: "0"}
	w1, err := v1.Watch(ctx, byName)
	if err != nil {
		t.Fatal(err)
	}
	w2, err := v2.Watch(ctx, byName)
	if err != nil {
		t.Fatal(err)
	}
	one, ok := first(t, w1).(*autoscalingv1.HorizontalPodAutoscaler)
	if !ok || one.UID != created.UID || *one.Spec.TargetCPUUtilizationPercentage != target {
		t.Errorf("v1: %+v", one)
	}
	two, ok := first(t, w2).(*autoscalingv2.HorizontalPodAutoscaler)
	if !ok || two.UID != created.UID || *two.Spec.Metrics[0].Resource.Target.AverageUtilization != target {
		t.Errorf("v2: %+v", two)
	}
}

func first(t *testing.T, w watch.Interface) runtime.Object {
	t.Helper()
	defer w.Stop()
	select {
	case event := <-w.ResultChan():
		return event.Object
	case <-time.After(time.Minute):
		t.Fatal("no event")
		return nil
	}
}

// TestApplyInBothVersions checks what happens when one manager applies in one
// version and then omits a field, while another manager applies in the other
// version. The expected results are those of kube-apiserver.
func TestApplyInBothVersions(t *testing.T) {
	const (
		least   = `"maxReplicas":5,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}`
		metrics = `,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}}}]`
	)
	client := kubernetes.NewForConfigOrDie(testserver.Start(t).Config).AutoscalingV2()
	hpas := client.HorizontalPodAutoscalers("default")
	apply := func(name, version, manager, spec string) {
		t.Helper()
		body := `{"apiVersion":"autoscaling/` + version + `","kind":"HorizontalPodAutoscaler","metadata":{"name":"` + name + `"},"spec":{` + spec + `}}`
		err := client.RESTClient().Patch(types.ApplyPatchType).AbsPath("/apis/autoscaling", version, "namespaces/default/horizontalpodautoscalers", name).
			Param("fieldManager", manager).Body([]byte(body)).Do(t.Context()).Error()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		version, spec string
		otherVersion  string
		percent       int32
	}{
		"target-beside-v2":  {"v1", `,"targetCPUUtilizationPercentage":60`, "v2", 60},
		"target-beside-v1":  {"v1", `,"targetCPUUtilizationPercentage":60`, "v1", 80},
		"metrics-beside-v1": {"v2", metrics, "v1", 60},
		"metrics-beside-v2": {"v2", metrics, "v2", 80},
	} {
		apply(name, c.version, "author", least+c.spec)
		apply(name, c.otherVersion, "other", `"minReplicas":2`)
		apply(name, c.version, "author", least)
		hpa, err := hpas.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := *hpa.Spec.Metrics[0].Resource.Target.AverageUtilization; got != c.percent || *hpa.Spec.MinReplicas != 2 {
			t.Errorf("%s: %d %%, at least %d replicas", name, got, *hpa.Spec.MinReplicas)
		}
	}
}
