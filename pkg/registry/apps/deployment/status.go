package deployment

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
)

func validateStatusUpdate(_ context.Context, d, old *appsv1.Deployment) field.ErrorList {
	path := field.NewPath("status")
	errs := validateStatus(&d.Status, path)
	return append(errs, validation.ValidateCollisions(d.Status.CollisionCount, old.Status.CollisionCount, path)...)
}

func validateStatus(status *appsv1.DeploymentStatus, path *field.Path) field.ErrorList {
	const replicas, ready = "cannot be greater than status.replicas", "cannot be greater than readyReplicas"
	return validation.ValidateNumbers(path,
		validation.Count("observedGeneration", status.ObservedGeneration),
		validation.Count("replicas", status.Replicas),
		validation.Count("updatedReplicas", status.UpdatedReplicas),
		validation.Count("readyReplicas", status.ReadyReplicas),
		validation.Count("availableReplicas", status.AvailableReplicas),
		validation.Count("unavailableReplicas", status.UnavailableReplicas),
		validation.Count("terminatingReplicas", ptr.Deref(status.TerminatingReplicas, 0)),
		validation.Count("collisionCount", ptr.Deref(status.CollisionCount, 0)),
		validation.AtMost("updatedReplicas", status.UpdatedReplicas, status.Replicas, replicas),
		validation.AtMost("readyReplicas", status.ReadyReplicas, status.Replicas, replicas),
		validation.AtMost("availableReplicas", status.AvailableReplicas, status.Replicas, replicas),
		validation.AtMost("availableReplicas", status.AvailableReplicas, status.ReadyReplicas, ready),
	)
}
