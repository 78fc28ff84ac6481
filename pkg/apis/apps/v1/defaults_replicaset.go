package v1

import appsv1 "k8s.io/api/apps/v1"

// SetDefaults_ReplicaSet sets one replica.
func SetDefaults_ReplicaSet(obj *appsv1.ReplicaSet) { setDefault(&obj.Spec.Replicas, 1) }
