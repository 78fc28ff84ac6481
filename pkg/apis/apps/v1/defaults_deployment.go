package v1

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_Deployment sets the number of replicas to 1, and the strategy to
// a rolling update with maxUnavailable and maxSurge of 25%.
func SetDefaults_Deployment(obj *appsv1.Deployment) {
	spec := &obj.Spec
	defaults.Set(&spec.Replicas, 1)
	defaults.Set(&spec.RevisionHistoryLimit, 10)
	defaults.Set(&spec.ProgressDeadlineSeconds, 600)
	if spec.Strategy.Type == "" {
		spec.Strategy.Type = appsv1.RollingUpdateDeploymentStrategyType
	}
	if spec.Strategy.Type != appsv1.RollingUpdateDeploymentStrategyType {
		return
	}
	if spec.Strategy.RollingUpdate == nil {
		spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{}
	}
	defaults.Set(&spec.Strategy.RollingUpdate.MaxUnavailable, intstr.FromString("25%"))
	defaults.Set(&spec.Strategy.RollingUpdate.MaxSurge, intstr.FromString("25%"))
}
