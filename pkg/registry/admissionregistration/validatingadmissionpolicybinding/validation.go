package validatingadmissionpolicybinding

import (
	"context"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/policies"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// rules are the rules for bindings, which are the same for a new and for a changed
// one.
type rules struct {
	params params.Needs
}

func (r rules) validate(ctx context.Context, b object) field.ErrorList {
	s := &b.Spec
	common := validation.Binding{PolicyName: s.PolicyName, ParamRef: s.ParamRef, MatchResources: s.MatchResources}
	errs := append(common.Validate(policies.Spec), validateActions(s.ValidationActions, policies.Spec.Child("validationActions"))...)
	if len(errs) > 0 {
		return errs
	}
	return r.params.MayReadRef(ctx, s.ParamRef, s.PolicyName, kindOf, policies.Spec.Child("paramRef"))
}

func kindOf(ctx context.Context, access *objects.Access, policy string) (*admissionregistrationv1.ParamKind, error) {
	found, err := objects.GetLive[*admissionregistrationv1.ValidatingAdmissionPolicy](ctx, access,
		admissionregistrationv1.Resource("validatingadmissionpolicies"), "", policy)
	if err != nil {
		return nil, err
	}
	return found.Spec.ParamKind, nil
}

func validateActions(actions []admissionregistrationv1.ValidationAction, path *field.Path) (errs field.ErrorList) {
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
