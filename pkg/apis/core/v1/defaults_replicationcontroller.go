package v1

import (
	"maps"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_ReplicationController sets the number of replicas to 1. The
// selector and the labels of the controller become the labels of its template if
// they are empty.
func SetDefaults_ReplicationController(obj *corev1.ReplicationController) {
	defaults.Set(&obj.Spec.Replicas, 1)
	if obj.Spec.Template == nil || len(obj.Spec.Template.Labels) == 0 {
		return
	}
	if len(obj.Spec.Selector) == 0 {
		obj.Spec.Selector = maps.Clone(obj.Spec.Template.Labels)
	}
	if len(obj.Labels) == 0 {
		obj.Labels = maps.Clone(obj.Spec.Template.Labels)
	}
}
