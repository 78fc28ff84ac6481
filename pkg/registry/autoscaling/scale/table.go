package scale

import (
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

var columns = []registry.Column[*autoscalingv1.Scale]{
	{Name: "Name", Description: registry.Doc(metav1.ObjectMeta{}, "name"),
		Cell: func(s *autoscalingv1.Scale) any { return s.Name }},
	{Name: "Desired", Type: "integer", Description: registry.Doc(autoscalingv1.ScaleSpec{}, "replicas"),
		Cell: func(s *autoscalingv1.Scale) any { return s.Spec.Replicas }},
	{Name: "Available", Type: "integer", Description: registry.Doc(autoscalingv1.ScaleStatus{}, "replicas"),
		Cell: func(s *autoscalingv1.Scale) any { return s.Status.Replicas }},
	registry.AgeColumn[*autoscalingv1.Scale](),
}
