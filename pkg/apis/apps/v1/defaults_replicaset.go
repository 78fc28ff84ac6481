package v1

import (
	appsv1 "k8s.io/api/apps/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_ReplicaSet sets the number of replicas to 1.
func SetDefaults_ReplicaSet(obj *appsv1.ReplicaSet) { defaults.Set(&obj.Spec.Replicas, 1) }
