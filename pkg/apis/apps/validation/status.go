package validation

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// ValidateReplicaSetStatus checks the numbers in the status of a replica set.
func ValidateReplicaSetStatus(status *appsv1.ReplicaSetStatus, path *field.Path) field.ErrorList {
	const replicas, ready = "cannot be greater than status.replicas", "cannot be greater than readyReplicas"
	return ValidateNumbers(path,
		Count("replicas", status.Replicas),
		Count("fullyLabeledReplicas", status.FullyLabeledReplicas),
		Count("readyReplicas", status.ReadyReplicas),
		Count("availableReplicas", status.AvailableReplicas),
		Count("terminatingReplicas", ptr.Deref(status.TerminatingReplicas, 0)),
		Count("observedGeneration", status.ObservedGeneration),
		AtMost("fullyLabeledReplicas", status.FullyLabeledReplicas, status.Replicas, replicas),
		AtMost("readyReplicas", status.ReadyReplicas, status.Replicas, replicas),
		AtMost("availableReplicas", status.AvailableReplicas, status.Replicas, replicas),
		AtMost("availableReplicas", status.AvailableReplicas, status.ReadyReplicas, ready),
	)
}
