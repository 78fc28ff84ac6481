// Package policies contains what admission policies that validate and those that
// mutate have in common, and their bindings.
package policies

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/static"
)

// Spec is the path of the specs.
var Spec = field.NewPath("spec")

// unset is what a cell says of a policy or a binding without parameters.
const unset = "<unset>"

// Kind is one of the two kinds of policies.
type Kind[T registry.Object] struct {
	// Common returns what a policy has in common with those of the other kind.
	Common func(p T) *validation.Policy
	// Validate returns every mistake in the rest of its spec.
	Validate func(p T, e *validation.Expressions) field.ErrorList
	// Expressions returns the expressions in the rest of its spec.
	Expressions func(p T) []string
}

// Hooks returns the hooks of a kind of policies.
func (k Kind[T]) Hooks(needs params.Needs) registry.Hooks[T] {
	return static.Reserve(registry.Hooks[T]{
		Validate: func(ctx context.Context, p T) field.ErrorList {
			if errs := k.validate(p, &validation.Expressions{}); len(errs) > 0 {
				return errs
			}
			return needs.MayReadKind(ctx, k.Common(p).ParamKind, Spec.Child("paramKind"))
		},
		OnUpdate: []registry.Rule{registry.Metadata, registry.Change},
		ValidateUpdate: func(ctx context.Context, p, old T) field.ErrorList {
			stored := validation.StoredExpressions(append(k.Common(old).Expressions(), k.Expressions(old)...)...)
			errs := k.validate(p, &validation.Expressions{Stored: stored})
			kind := k.Common(p).ParamKind
			if len(errs) > 0 || apiequality.Semantic.DeepEqual(kind, k.Common(old).ParamKind) {
				return errs
			}
			return needs.MayReadKind(ctx, kind, Spec.Child("paramKind"))
		},
	})
}

func (k Kind[T]) validate(p T, e *validation.Expressions) field.ErrorList {
	errs := k.Common(p).Validate(e, Spec)
	return append(errs, k.Validate(p, e)...)
}

// Columns returns the columns of a kind of policies. The second one counts the
// rules of a policy.
func (k Kind[T]) Columns(rules registry.Column[T]) []registry.Column[T] {
	rules.Type = "integer"
	return []registry.Column[T]{
		registry.NameColumn[T](),
		rules,
		{Name: "ParamKind", Description: "ParamKind specifies the kind of resources used to parameterize this policy",
			Cell: func(p T) any {
				if kind := k.Common(p).ParamKind; kind != nil {
					return kind.APIVersion + "/" + kind.Kind
				}
				return unset
			}},
		registry.AgeColumn[T](),
	}
}
