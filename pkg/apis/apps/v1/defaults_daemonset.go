package v1

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_DaemonSet sets the strategy to a rolling update in which one pod
// may be unavailable. It also adds the annotation with the generation of the pod
// template if it is missing: kube-apiserver keeps this number in a field of its
// internal type, and writes the annotation whenever it converts to apps/v1.
func SetDefaults_DaemonSet(obj *appsv1.DaemonSet) {
	if _, ok := obj.Annotations[appsv1.DeprecatedTemplateGeneration]; !ok {
		if obj.Annotations == nil {
			obj.Annotations = map[string]string{}
		}
		obj.Annotations[appsv1.DeprecatedTemplateGeneration] = "0"
	}
	strategy := &obj.Spec.UpdateStrategy
	if strategy.Type == "" {
		strategy.Type = appsv1.RollingUpdateDaemonSetStrategyType
	}
	if strategy.Type == appsv1.RollingUpdateDaemonSetStrategyType {
		defaults.Set(&strategy.RollingUpdate, appsv1.RollingUpdateDaemonSet{})
		defaults.Set(&strategy.RollingUpdate.MaxUnavailable, intstr.FromInt32(1))
		defaults.Set(&strategy.RollingUpdate.MaxSurge, intstr.FromInt32(0))
	}
	defaults.Set(&obj.Spec.RevisionHistoryLimit, 10)
}
