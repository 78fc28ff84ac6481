package v1_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/randfill"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	apisautoscalingv2 "github.com/gatehouse-k8s/gatehouse/pkg/apis/autoscaling/v2"
)

// TestRecordedConversions decodes objects and encodes them in both versions.
// The results must be equal to the recorded ones of kube-apiserver v1.36.3.
func TestRecordedConversions(t *testing.T) {
	data, err := os.ReadFile("testdata/conversions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var c struct {
			Name           string
			Object, V1, V2 json.RawMessage
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Name, func(t *testing.T) {
			hub, err := runtime.Decode(apis.Codecs.UniversalDecoder(schema.GroupVersion{Group: autoscalingv2.GroupName, Version: runtime.APIVersionInternal}), c.Object)
			if err != nil {
				t.Fatal(err)
			}
			before := hub.DeepCopyObject()
			for gv, want := range map[schema.GroupVersion]json.RawMessage{autoscalingv1.SchemeGroupVersion: c.V1, autoscalingv2.SchemeGroupVersion: c.V2} {
				got, err := runtime.Encode(apis.Codecs.LegacyCodec(gv), hub)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(unmarshal(t, want), unmarshal(t, got)); diff != "" {
					t.Errorf("as %s (-kube-apiserver +this server):\n%s", gv, diff)
				}
			}
			if diff := cmp.Diff(before, hub); diff != "" {
				t.Errorf("encoding changed the object: %s", diff)
			}
		})
	}
}

// unmarshal decodes JSON for a comparison. It treats empty lists as null,
// because which of them kube-apiserver returns depends on whether the object
// was stored.
func unmarshal(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	if status, ok := object["status"].(map[string]any); ok {
		if metrics, ok := status["currentMetrics"].([]any); ok && len(metrics) == 0 {
			status["currentMetrics"] = nil
		}
	}
	return object
}

// TestRoundTrip converts random lists to v1 and back. Everything that v1 can
// express must be preserved. To make that possible, the type of each target
// corresponds to the value that is set, and the CPU utilization is the last
// metric.
func TestRoundTrip(t *testing.T) {
	fill := randfill.NewWithSeed(1).NilChance(0.3).NumElements(1, 3).Funcs(
		func(q *resource.Quantity, c randfill.Continue) {
			*q = *resource.NewQuantity(1+c.Int63n(1000), resource.DecimalSI)
		},
		func(m *metav1.Time, c randfill.Continue) { *m = metav1.Unix(c.Int63n(1<<32), 0) },
		func(m *metav1.FieldsV1, _ randfill.Continue) { m.Raw = []byte("{}") },
		func(m *metav1.TypeMeta, _ randfill.Continue) { *m = metav1.TypeMeta{} },
		fillMetric, fillStatus, fillSpec,
	)
	for range 500 {
		list := &autoscalingv2.HorizontalPodAutoscalerList{}
		fill.Fill(list)
		v1, err := apis.Scheme.ConvertToVersion(list, autoscalingv1.SchemeGroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := v1.(*autoscalingv1.HorizontalPodAutoscalerList); !ok {
			t.Fatalf("converted to %T", v1)
		}
		back, err := apis.Scheme.ConvertToVersion(v1, schema.GroupVersion{Group: autoscalingv2.GroupName, Version: runtime.APIVersionInternal})
		if err != nil {
			t.Fatal(err)
		}
		if !apiequality.Semantic.DeepEqual(list, back) {
			t.Fatal(cmp.Diff(list, back))
		}
	}
}

func fillSpec(spec *autoscalingv2.HorizontalPodAutoscalerSpec, c randfill.Continue) {
	c.FillNoCustom(spec)
	if len(spec.Metrics) == 0 || c.Bool() {
		spec.Metrics = append(spec.Metrics, apisautoscalingv2.CPUUtilization(c.Int31n(100)))
	}
	if spec.Behavior != nil {
		apisautoscalingv2.SetDefaults_HorizontalPodAutoscalerBehavior(spec.Behavior)
	}
}

func fillMetric(metric *autoscalingv2.MetricSpec, c randfill.Continue) {
	value := autoscalingv2.MetricTarget{Type: autoscalingv2.ValueMetricType, Value: resource.NewQuantity(1+c.Int63n(1000), resource.DecimalSI)}
	average := autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: resource.NewQuantity(1+c.Int63n(1000), resource.DecimalSI)}
	utilization := autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: ptr.To(c.Int31())}
	either := []autoscalingv2.MetricTarget{value, average}[c.Intn(2)]
	*metric = autoscalingv2.MetricSpec{Type: sources[c.Intn(len(sources))]}
	switch metric.Type {
	case autoscalingv2.ObjectMetricSourceType:
		c.Fill(&metric.Object)
		if metric.Object != nil {
			metric.Object.Target = either
		}
	case autoscalingv2.ExternalMetricSourceType:
		c.Fill(&metric.External)
		if metric.External != nil {
			metric.External.Target = either
		}
	case autoscalingv2.PodsMetricSourceType:
		c.Fill(&metric.Pods)
		if metric.Pods != nil {
			metric.Pods.Target = average
		}
	case autoscalingv2.ResourceMetricSourceType:
		metric.Resource = &autoscalingv2.ResourceMetricSource{Name: corev1.ResourceMemory, Target: []autoscalingv2.MetricTarget{utilization, average}[c.Intn(2)]}
	case autoscalingv2.ContainerResourceMetricSourceType:
		metric.ContainerResource = &autoscalingv2.ContainerResourceMetricSource{Name: corev1.ResourceCPU, Container: c.String(5), Target: utilization}
	}
}

// fillStatus sets the values that v1 requires.
func fillStatus(metric *autoscalingv2.MetricStatus, c randfill.Continue) {
	value, average := resource.NewQuantity(c.Int63n(1000), resource.DecimalSI), resource.NewQuantity(c.Int63n(1000), resource.DecimalSI)
	*metric = autoscalingv2.MetricStatus{Type: sources[c.Intn(len(sources))]}
	switch metric.Type {
	case autoscalingv2.ObjectMetricSourceType:
		c.Fill(&metric.Object)
		if metric.Object != nil {
			metric.Object.Current = autoscalingv2.MetricValueStatus{Value: value, AverageValue: average}
		}
	case autoscalingv2.ExternalMetricSourceType:
		c.Fill(&metric.External)
		if metric.External != nil {
			metric.External.Current = autoscalingv2.MetricValueStatus{Value: value, AverageValue: average}
		}
	case autoscalingv2.PodsMetricSourceType:
		c.Fill(&metric.Pods)
		if metric.Pods != nil {
			metric.Pods.Current = autoscalingv2.MetricValueStatus{AverageValue: average}
		}
	case autoscalingv2.ResourceMetricSourceType:
		metric.Resource = &autoscalingv2.ResourceMetricStatus{Name: corev1.ResourceCPU,
			Current: autoscalingv2.MetricValueStatus{AverageValue: average, AverageUtilization: ptr.To(c.Int31())}}
	case autoscalingv2.ContainerResourceMetricSourceType:
		metric.ContainerResource = &autoscalingv2.ContainerResourceMetricStatus{Name: corev1.ResourceCPU, Container: fmt.Sprint(c.Int()),
			Current: autoscalingv2.MetricValueStatus{AverageValue: average}}
	}
}

var sources = []autoscalingv2.MetricSourceType{
	autoscalingv2.ObjectMetricSourceType, autoscalingv2.ExternalMetricSourceType, autoscalingv2.PodsMetricSourceType,
	autoscalingv2.ResourceMetricSourceType, autoscalingv2.ContainerResourceMetricSourceType,
}
