package v1

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// SetDefaults_StatefulSet sets the number of replicas to 1, the management of
// the pods to ordered, and the strategy to a rolling update of all pods. Claims
// are retained. The claims in the templates get their kind.
func SetDefaults_StatefulSet(obj *appsv1.StatefulSet) {
	spec := &obj.Spec
	if spec.PodManagementPolicy == "" {
		spec.PodManagementPolicy = appsv1.OrderedReadyPodManagement
	}
	if spec.UpdateStrategy.Type == "" {
		spec.UpdateStrategy.Type = appsv1.RollingUpdateStatefulSetStrategyType
		if spec.UpdateStrategy.RollingUpdate == nil {
			spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{}
		}
	}
	if rolling := spec.UpdateStrategy.RollingUpdate; rolling != nil && spec.UpdateStrategy.Type == appsv1.RollingUpdateStatefulSetStrategyType {
		defaults.Set(&rolling.Partition, 0)
		if features.Enabled(features.MaxUnavailableStatefulSet) {
			defaults.Set(&rolling.MaxUnavailable, intstr.FromInt32(1))
		}
	}
	defaults.Set(&spec.PersistentVolumeClaimRetentionPolicy, appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{})
	retain(&spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted)
	retain(&spec.PersistentVolumeClaimRetentionPolicy.WhenScaled)
	defaults.Set(&spec.Replicas, 1)
	defaults.Set(&spec.RevisionHistoryLimit, 10)
	for i := range spec.VolumeClaimTemplates {
		spec.VolumeClaimTemplates[i].SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"))
	}
}

func retain(policy *appsv1.PersistentVolumeClaimRetentionPolicyType) {
	if *policy == "" {
		*policy = appsv1.RetainPersistentVolumeClaimRetentionPolicyType
	}
}
