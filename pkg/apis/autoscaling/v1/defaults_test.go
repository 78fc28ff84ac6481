package v1

import (
	"testing"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	apisautoscalingv2 "github.com/gatehouse-k8s/gatehouse/pkg/apis/autoscaling/v2"
)

func TestTargetDefault(t *testing.T) {
	for name, c := range map[string]struct {
		metrics string
		target  *int32
		want    *int32
	}{
		"nothing said":             {"", nil, ptr.To[int32](80)},
		"target":                   {"", ptr.To[int32](0), ptr.To[int32](0)},
		"other metrics":            {`[{"type":"Pods"}]`, nil, nil},
		"other metrics and target": {`[{"type":"Pods"}]`, ptr.To[int32](5), ptr.To[int32](5)},
		"empty list":               {`[]`, nil, ptr.To[int32](80)},
		"null":                     {`null`, nil, ptr.To[int32](80)},
		"not JSON":                 {`garbage`, nil, ptr.To[int32](80)},
		"partly another type":      {`[{"type":"Pods"},{"type":7}]`, nil, ptr.To[int32](80)},
	} {
		hpa := &autoscalingv1.HorizontalPodAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{apisautoscalingv2.MetricsAnnotation: c.metrics}},
			Spec:       autoscalingv1.HorizontalPodAutoscalerSpec{TargetCPUUtilizationPercentage: c.target},
		}
		SetObjectDefaults_HorizontalPodAutoscaler(hpa)
		if got := hpa.Spec.TargetCPUUtilizationPercentage; !ptr.Equal(got, c.want) || *hpa.Spec.MinReplicas != 1 {
			t.Errorf("%s: target %v, want %v; at least %v replicas", name, ptr.Deref(got, -1), ptr.Deref(c.want, -1), *hpa.Spec.MinReplicas)
		}
	}
}
