// Package validation holds the validation of metadata that most built-in
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

// standardFinalizers need no domain.
var standardFinalizers = sets.New[string](string(corev1.FinalizerKubernetes), metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents)

// ValidateObjectMeta is apivalidation.ValidateObjectMeta for resources that
// moreover allow no finalizers without a domain.
func ValidateObjectMeta(meta *metav1.ObjectMeta, namespaced bool, name apivalidation.ValidateNameFunc, path *field.Path) field.ErrorList {
	errs := apivalidation.ValidateObjectMeta(meta, namespaced, name, path)
	return append(errs, validateFinalizers(meta, path)...)
}

// ValidateObjectMetaUpdate is apivalidation.ValidateObjectMetaUpdate for
// resources that moreover allow no finalizers without a domain.
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
// and is known or has a domain.
func ValidateFinalizerName(finalizer string, path *field.Path) field.ErrorList {
	return append(apivalidation.ValidateFinalizerName(finalizer, path), validateKnownFinalizer(finalizer, path)...)
}

func validateKnownFinalizer(finalizer string, path *field.Path) field.ErrorList {
	if strings.Contains(finalizer, "/") || standardFinalizers.Has(finalizer) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified")}
}
