package policies

import (
	"context"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/static"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// BindingKind is one of the two kinds of bindings: a B binds a P.
type BindingKind[B, P registry.Object] struct {
	// Common returns what a binding has in common with those of the other kind.
	Common func(b B) *validation.Binding
	// Validate returns every mistake in the rest of its spec; nil if there is no more.
	Validate func(b B) field.ErrorList
	// Policies is the name of the resource of the policies.
	Policies string
	// ParamKind returns the kind of the parameters of a policy.
	ParamKind func(p P) *admissionregistrationv1.ParamKind
}

// Hooks returns the hooks of a kind of bindings. The same rules hold for new and
// for changed bindings: their policy or its paramKind may have changed.
func (k BindingKind[B, P]) Hooks(needs params.Needs) registry.Hooks[B] {
	validate := func(ctx context.Context, b B) field.ErrorList {
		common := k.Common(b)
		errs := common.Validate(Spec)
		if k.Validate != nil {
			errs = append(errs, k.Validate(b)...)
		}
		if len(errs) > 0 {
			return errs
		}
		return needs.MayReadRef(ctx, common.ParamRef, common.PolicyName, k.kindOf, Spec.Child("paramRef"))
	}
	return static.Reserve(registry.Hooks[B]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.Metadata, registry.Change},
		ValidateUpdate: func(ctx context.Context, b, _ B) field.ErrorList { return validate(ctx, b) },
	})
}

// kindOf is a params.KindOf.
func (k BindingKind[B, P]) kindOf(ctx context.Context, access *objects.Access, policy string) (*admissionregistrationv1.ParamKind, error) {
	found, err := objects.GetLive[P](ctx, access, admissionregistrationv1.Resource(k.Policies), "", policy)
	if err != nil {
		return nil, err
	}
	return k.ParamKind(found), nil
}

// Columns returns the columns of a kind of bindings.
func (k BindingKind[B, P]) Columns() []registry.Column[B] {
	return []registry.Column[B]{
		registry.NameColumn[B](),
		{Name: "PolicyName", Description: "PolicyName indicates the policy definition which the policy binding binded to",
			Cell: func(b B) any { return k.Common(b).PolicyName }},
		{Name: "ParamRef", Description: "ParamRef indicates the param resource which sets the configuration param",
			Cell: func(b B) any { return paramRef(k.Common(b).ParamRef) }},
		registry.AgeColumn[B](),
	}
}

// paramRef is what a cell says of the parameters of a binding.
func paramRef(ref *admissionregistrationv1.ParamRef) string {
	switch {
	case ref == nil:
		return unset
	case ref.Selector != nil:
		return ref.Selector.String()
	case ref.Namespace != "":
		return ref.Namespace + "/" + ref.Name
	}
	return "*/" + ref.Name
}
