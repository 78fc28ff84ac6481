// Package validation contains the validation that the access reviews of
// authorization.k8s.io share.
package validation

import (
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

var (
	specPath        = field.NewPath("spec")
	resourcePath    = specPath.Child("resourceAttributes")
	nonResourcePath = specPath.Child("nonResourceAttributes")
)

// ValidateSubjectAccessReview checks a review of the permissions of a user.
func ValidateSubjectAccessReview(review *authorizationv1.SubjectAccessReview) field.ErrorList {
	return append(validateSpec(&review.Spec), validateMeta(review.ObjectMeta, false)...)
}

// ValidateSelfSubjectAccessReview checks a review of the permissions of the
// caller.
func ValidateSelfSubjectAccessReview(review *authorizationv1.SelfSubjectAccessReview) field.ErrorList {
	errs := validateExactlyOne(review.Spec.ResourceAttributes, review.Spec.NonResourceAttributes)
	errs = append(errs, validateResource(review.Spec.ResourceAttributes)...)
	return append(errs, validateMeta(review.ObjectMeta, false)...)
}

// ValidateLocalSubjectAccessReview checks a review of the permissions of a user
// in the namespace of the review.
func ValidateLocalSubjectAccessReview(review *authorizationv1.LocalSubjectAccessReview) field.ErrorList {
	errs := append(validateSpec(&review.Spec), validateMeta(review.ObjectMeta, true)...)
	if r := review.Spec.ResourceAttributes; r != nil && r.Namespace != review.Namespace {
		errs = append(errs, field.Invalid(resourcePath.Child("namespace"), r.Namespace, "must match metadata.namespace"))
	}
	if review.Spec.NonResourceAttributes != nil {
		errs = append(errs, field.Invalid(nonResourcePath, goform.Of(review.Spec.NonResourceAttributes), "disallowed on this kind of request"))
	}
	return errs
}

func validateSpec(spec *authorizationv1.SubjectAccessReviewSpec) field.ErrorList {
	errs := validateExactlyOne(spec.ResourceAttributes, spec.NonResourceAttributes)
	if spec.User == "" && len(spec.Groups) == 0 {
		errs = append(errs, field.Invalid(specPath.Child("user"), spec.User, "at least one of user or group must be specified"))
	}
	return append(errs, validateResource(spec.ResourceAttributes)...)
}

// validateMeta checks that the metadata of a review is empty. Managed fields
// are allowed because the server itself sets them, and the namespace if the
// review is namespaced.
func validateMeta(meta metav1.ObjectMeta, namespaced bool) field.ErrorList {
	bare, message := meta, "must be empty"
	bare.ManagedFields = nil
	if namespaced {
		bare.Namespace, message = "", "must be empty except for namespace"
	}
	if apiequality.Semantic.DeepEqual(bare, metav1.ObjectMeta{}) {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("metadata"), meta, message)}
}

func validateExactlyOne(resource *authorizationv1.ResourceAttributes, nonResource *authorizationv1.NonResourceAttributes) field.ErrorList {
	switch {
	case resource != nil && nonResource != nil:
		return field.ErrorList{field.Invalid(nonResourcePath, goform.Of(nonResource), "cannot be specified in combination with resourceAttributes")}
	case resource == nil && nonResource == nil:
		return field.ErrorList{field.Invalid(resourcePath, resource, "exactly one of nonResourceAttributes or resourceAttributes must be specified")}
	}
	return nil
}

// validateResource checks the selectors. It accepts unknown operators: an
// authorizer may support them, and otherwise the requirement is ignored.
func validateResource(resource *authorizationv1.ResourceAttributes) field.ErrorList {
	if resource == nil {
		return nil
	}
	var errs field.ErrorList
	if s := resource.FieldSelector; s != nil {
		path := resourcePath.Child("fieldSelector")
		errs = append(errs, validateOneForm(s.RawSelector, len(s.Requirements), path)...)
		options := metav1validation.FieldSelectorValidationOptions{AllowUnknownOperatorInRequirement: true}
		for i, r := range s.Requirements {
			errs = append(errs, metav1validation.ValidateFieldSelectorRequirement(r, options, path.Child("requirements").Index(i))...)
		}
	}
	if s := resource.LabelSelector; s != nil {
		path := resourcePath.Child("labelSelector")
		errs = append(errs, validateOneForm(s.RawSelector, len(s.Requirements), path)...)
		options := metav1validation.LabelSelectorValidationOptions{AllowUnknownOperatorInRequirement: true}
		for i, r := range s.Requirements {
			errs = append(errs, metav1validation.ValidateLabelSelectorRequirement(r, options, path.Child("requirements").Index(i))...)
		}
	}
	return errs
}

// validateOneForm checks that a selector is specified either as a string or as
// a list of requirements.
func validateOneForm(raw string, requirements int, path *field.Path) field.ErrorList {
	switch {
	case raw != "" && requirements > 0:
		return field.ErrorList{field.Invalid(path.Child("rawSelector"), raw, "may not specified at the same time as requirements")}
	case raw == "" && requirements == 0:
		return field.ErrorList{field.Required(path.Child("requirements"), fmt.Sprintf("when %s is specified, requirements or rawSelector is required", path))}
	}
	return nil
}
