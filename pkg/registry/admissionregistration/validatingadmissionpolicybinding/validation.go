package validatingadmissionpolicybinding

import (
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/policies"
)

// validate checks what is not in the common part: the actions.
func validate(b object) (errs field.ErrorList) {
	actions, path := b.Spec.ValidationActions, policies.Spec.Child("validationActions")
	if len(actions) == 0 {
		return field.ErrorList{field.Required(path, "at least one validation action is required")}
	}
	supported := []admissionregistrationv1.ValidationAction{admissionregistrationv1.Audit, admissionregistrationv1.Deny, admissionregistrationv1.Warn}
	seen := sets.Set[admissionregistrationv1.ValidationAction]{}
	for i, action := range actions {
		if !slices.Contains(supported, action) {
			errs = append(errs, field.NotSupported(path.Index(i), action, supported))
		}
		if seen.Has(action) {
			errs = append(errs, field.Duplicate(path.Index(i), action))
		}
		seen.Insert(action)
	}
	if seen.HasAll(admissionregistrationv1.Deny, admissionregistrationv1.Warn) {
		errs = append(errs, field.Invalid(path, actions, "must not contain both Deny and Warn "+
			"(repeating the same validation failure information in the API response and headers serves no purpose)"))
	}
	return errs
}
