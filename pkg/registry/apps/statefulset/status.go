package statefulset

import (
	"context"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
)

func validateStatusUpdate(_ context.Context, s, old object) field.ErrorList {
	const replicas, ready = "cannot be greater than status.replicas", "cannot be greater than status.readyReplicas"
	status, path := &s.Status, field.NewPath("status")
	errs := validation.ValidateNumbers(path,
		validation.Count("replicas", status.Replicas),
		validation.Count("readyReplicas", status.ReadyReplicas),
		validation.Count("currentReplicas", status.CurrentReplicas),
		validation.Count("updatedReplicas", status.UpdatedReplicas),
		validation.Count("availableReplicas", status.AvailableReplicas),
		validation.Count("observedGeneration", status.ObservedGeneration),
		validation.Count("collisionCount", ptr.Deref(status.CollisionCount, 0)),
		validation.AtMost("readyReplicas", status.ReadyReplicas, status.Replicas, replicas),
		validation.AtMost("currentReplicas", status.CurrentReplicas, status.Replicas, replicas),
		validation.AtMost("updatedReplicas", status.UpdatedReplicas, status.Replicas, replicas),
		validation.AtMost("availableReplicas", status.AvailableReplicas, status.Replicas, replicas),
		validation.AtMost("availableReplicas", status.AvailableReplicas, status.ReadyReplicas, ready),
	)
	return append(errs, validation.ValidateCollisions(status.CollisionCount, old.Status.CollisionCount, path)...)
}
