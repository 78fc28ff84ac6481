package quota

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	apiadmission "k8s.io/apiserver/pkg/admission"
	apiquota "k8s.io/apiserver/pkg/quota/v1"
	storagehelpers "k8s.io/component-helpers/storage/volume"
)

// ofStorageClass is what follows the name of a storage class in the names that
// limit the claims of this class.
const ofStorageClass = ".storageclass.storage.k8s.io/"

// newVolumeClaims returns the evaluator of persistent volume claims: their number
// and the storage that they request, of all classes and of each class.
func newVolumeClaims(listers Listers) apiquota.Evaluator {
	claims := corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims")
	names := []corev1.ResourceName{counted(claims.GroupResource()), corev1.ResourcePersistentVolumeClaims, corev1.ResourceRequestsStorage}
	return &evaluator[*corev1.PersistentVolumeClaim]{
		resource: claims.GroupResource(),
		list:     listers(claims),
		// What a storage driver has allocated for an expansion is in the status.
		handlesUpdate: func(a apiadmission.Attributes) bool {
			return a.GetSubresource() == "" || a.GetSubresource() == "status"
		},
		matching: func(limited []corev1.ResourceName) []corev1.ResourceName {
			return among(limited, func(name corev1.ResourceName) bool {
				_, ofClass, _ := strings.Cut(string(name), ofStorageClass)
				return slices.Contains(names, name) || slices.Contains(names[1:], corev1.ResourceName(ofClass))
			})
		},
		inScope: volumeClaimInScope,
		usage: func(claim *corev1.PersistentVolumeClaim) (corev1.ResourceList, error) {
			used := corev1.ResourceList{counted(claims.GroupResource()): count(1), corev1.ResourcePersistentVolumeClaims: count(1)}
			class := storagehelpers.GetPersistentVolumeClaimClass(claim)
			prefix := corev1.ResourceName(class + ofStorageClass)
			if class != "" {
				used[prefix+corev1.ResourcePersistentVolumeClaims] = count(1)
			}
			if size, ok := storage(claim); ok {
				used[corev1.ResourceRequestsStorage] = size
				if class != "" {
					used[prefix+corev1.ResourceRequestsStorage] = size
				}
			}
			return used, nil
		},
	}
}

// storage returns what a claim requests, or what has been allocated for it if this
// is more: after an expansion that failed, the request may be reduced again. The
// second result is false if it requests nothing.
func storage(claim *corev1.PersistentVolumeClaim) (resource.Quantity, bool) {
	requested, ok := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	if allocated := claim.Status.AllocatedResources[corev1.ResourceStorage]; ok && allocated.Cmp(requested) > 0 {
		return allocated, true
	}
	return requested, ok
}

// volumeClaimInScope knows the scope VolumeAttributesClass. During a change a claim
// is in the scopes of several classes: of that which it requests, of that which its
// volume has, and of that to which the volume is being changed.
func volumeClaimInScope(scope selector, claim *corev1.PersistentVolumeClaim) (bool, error) {
	if scope.ScopeName != corev1.ResourceQuotaScopeVolumeAttributesClass {
		return false, nil
	}
	var classes []string
	add := func(class *string) {
		if class != nil && *class != "" {
			classes = append(classes, *class)
		}
	}
	add(claim.Spec.VolumeAttributesClassName)
	add(claim.Status.CurrentVolumeAttributesClassName)
	if change := claim.Status.ModifyVolumeStatus; change != nil {
		add(&change.TargetVolumeAttributesClassName)
	}
	return selects(scope, classes...)
}
