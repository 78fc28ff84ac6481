package persistentvolumeclaim

import (
	"context"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// resizing are the states of an expansion.
var resizing = []corev1.ClaimResourceStatus{
	corev1.PersistentVolumeClaimControllerResizeInProgress, corev1.PersistentVolumeClaimControllerResizeInfeasible,
	corev1.PersistentVolumeClaimNodeResizeInProgress, corev1.PersistentVolumeClaimNodeResizeInfeasible,
	corev1.PersistentVolumeClaimNodeResizePending,
}

func validateStatusUpdate(_ context.Context, c, _ *corev1.PersistentVolumeClaim) (errs field.ErrorList) {
	for _, name := range validation.SortedNames(c.Status.Capacity) {
		errs = append(errs, validation.ValidateBasicResource(c.Status.Capacity[name], statusPath.Child("capacity").Key(string(name)))...)
	}
	p := statusPath.Child("allocatedResources")
	for _, name := range validation.SortedNames(c.Status.AllocatedResources) {
		if found := validateClaimResource(name, p); len(found) > 0 {
			errs = append(errs, found...)
			continue
		}
		errs = append(errs, validation.ValidateBasicResource(c.Status.AllocatedResources[name], p.Key(string(name)))...)
	}
	p = statusPath.Child("allocatedResourceStatuses")
	for _, name := range slices.Sorted(maps.Keys(c.Status.AllocatedResourceStatuses)) {
		if found := validateClaimResource(name, p); len(found) > 0 {
			errs = append(errs, found...)
		} else if !slices.Contains(resizing, c.Status.AllocatedResourceStatuses[name]) {
			errs = append(errs, field.NotSupported(p, name, resizing))
		}
	}
	return errs
}

// validateClaimResource checks the name of a resource of a claim: storage, or one
// in a domain that is not Kubernetes' own.
func validateClaimResource(name corev1.ResourceName, p *field.Path) field.ErrorList {
	if errs := validation.ValidateQualifiedName(string(name), p); len(errs) > 0 {
		return errs
	}
	native := !strings.Contains(string(name), "/") || strings.Contains(string(name), corev1.ResourceDefaultNamespacePrefix)
	if native && name != corev1.ResourceStorage {
		return field.ErrorList{field.NotSupported(p, name, []corev1.ResourceName{corev1.ResourceStorage})}
	}
	return nil
}
