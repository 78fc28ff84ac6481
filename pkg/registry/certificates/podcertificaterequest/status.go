package podcertificaterequest

import (
	"context"
	"fmt"
	"slices"

	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var (
	statusPath     = field.NewPath("status")
	conditionsPath = statusPath.Child("conditions")
)

// finalTypes are the conditions with which a request ends.
var finalTypes = []string{
	certificatesv1beta1.PodCertificateRequestConditionTypeIssued,
	certificatesv1beta1.PodCertificateRequestConditionTypeDenied,
	certificatesv1beta1.PodCertificateRequestConditionTypeFailed,
}

// finalCondition returns the type of the condition with which a request ended, or
// nothing.
func finalCondition(conditions []metav1.Condition) string {
	for _, condition := range conditions {
		if slices.Contains(finalTypes, condition.Type) {
			return condition.Type
		}
	}
	return ""
}

// validateStatusUpdate checks how a signer answers. It answers once: with a
// certificate, or with one of the conditions Denied and Failed.
func validateStatusUpdate(_ context.Context, r, old object) field.ErrorList {
	if errs := validateConditions(r.Status.Conditions); len(errs) > 0 {
		return errs
	}
	changed := !apiequality.Semantic.DeepEqual(r.Status, old.Status)
	if finalCondition(old.Status.Conditions) != "" {
		if changed {
			return field.ErrorList{omitted(statusPath, "immutable after PodCertificateRequest is issued, denied, or failed")}
		}
		return nil
	}
	switch status := &r.Status; finalCondition(status.Conditions) {
	case "":
		if changed {
			return field.ErrorList{omitted(statusPath, `status is immutable unless transitioning to "Issued", "Denied", or "Failed"`)}
		}
		return nil
	case certificatesv1beta1.PodCertificateRequestConditionTypeIssued:
		return validateIssued(r)
	default:
		if status.CertificateChain != "" || status.NotBefore != nil || status.BeginRefreshAt != nil || status.NotAfter != nil {
			return field.ErrorList{omitted(statusPath, "non-condition status fields must be empty when denying or failing the PodCertificateRequest")}
		}
		return nil
	}
}

// validateConditions checks that there is at most one condition, and of those with
// which a request ends. The first errors name it by a path with a dot before the
// index, as kube-apiserver's.
func validateConditions(conditions []metav1.Condition) (errs field.ErrorList) {
	final := false
	for i, condition := range conditions {
		at := conditionsPath.Child(fmt.Sprintf("[%d]", i))
		switch {
		case !slices.Contains(finalTypes, condition.Type):
			errs = append(errs, field.NotSupported(at.Child("type"), condition.Type, finalTypes))
			continue
		case condition.Status != metav1.ConditionTrue:
			errs = append(errs, field.NotSupported(at.Child("status"), condition.Status, []metav1.ConditionStatus{metav1.ConditionTrue}))
		}
		if final {
			errs = append(errs, field.Invalid(at.Child("type"), condition.Type,
				`There may be at most one condition with type "Issued", "Denied", or "Failed"`))
		}
		final = true
	}
	return append(errs, metav1validation.ValidateConditions(conditions, conditionsPath)...)
}
