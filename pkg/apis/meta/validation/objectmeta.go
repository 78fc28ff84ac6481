// Package validation contains the validation of metadata that most built-in
// resources share.
package validation

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// standardFinalizers are the finalizers that need no domain prefix.
var standardFinalizers = sets.New[string](string(corev1.FinalizerKubernetes), metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents)

// ValidateObjectMeta is like apivalidation.ValidateObjectMeta, but also refuses
// unknown finalizers without a domain prefix.
func ValidateObjectMeta(meta *metav1.ObjectMeta, namespaced bool, name apivalidation.ValidateNameFunc, path *field.Path) field.ErrorList {
	errs := apivalidation.ValidateObjectMeta(meta, namespaced, name, path)
	return append(errs, validateFinalizers(meta, path)...)
}

// ValidateObjectMetaUpdate is like apivalidation.ValidateObjectMetaUpdate, but
// also refuses unknown finalizers without a domain prefix.
func ValidateObjectMetaUpdate(meta, old *metav1.ObjectMeta, path *field.Path) field.ErrorList {
	errs := apivalidation.ValidateObjectMetaUpdate(meta, old, path)
	return append(errs, validateFinalizers(meta, path)...)
}

func validateFinalizers(meta *metav1.ObjectMeta, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, finalizer := range meta.Finalizers {
		errs = append(errs, validateKnownFinalizer(finalizer, path.Child("finalizers").Index(i))...)
	}
	return errs
}

// ValidateFinalizerName checks that a finalizer has the form of a label key,
// and either has a domain prefix or is one of the standard finalizers.
func ValidateFinalizerName(finalizer string, path *field.Path) field.ErrorList {
	return append(apivalidation.ValidateFinalizerName(finalizer, path), validateKnownFinalizer(finalizer, path)...)
}

func validateKnownFinalizer(finalizer string, path *field.Path) field.ErrorList {
	if strings.Contains(finalizer, "/") || standardFinalizers.Has(finalizer) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified")}
}
