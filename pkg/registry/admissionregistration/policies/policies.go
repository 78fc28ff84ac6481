// Package policies contains what admission policies that validate and those that
// mutate have in common, and their bindings.
package policies

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Spec is the path of the specs.
var Spec = field.NewPath("spec")

// unset is what a cell says of a policy or a binding without parameters.
const unset = "<unset>"

// Columns returns the columns of a policy. The second one counts its rules.
func Columns[T registry.Object](rules registry.Column[T], kind func(T) *admissionregistrationv1.ParamKind) []registry.Column[T] {
	rules.Type = "integer"
	return []registry.Column[T]{
		registry.NameColumn[T](),
		rules,
		{Name: "ParamKind", Description: "ParamKind specifies the kind of resources used to parameterize this policy",
			Cell: func(p T) any {
				if k := kind(p); k != nil {
					return k.APIVersion + "/" + k.Kind
				}
				return unset
			}},
		registry.AgeColumn[T](),
	}
}

// BindingColumns returns the columns of a binding. Of returns its policy and its
// parameters.
func BindingColumns[T registry.Object](of func(T) (string, *admissionregistrationv1.ParamRef)) []registry.Column[T] {
	return []registry.Column[T]{
		registry.NameColumn[T](),
		{Name: "PolicyName", Description: "PolicyName indicates the policy definition which the policy binding binded to",
			Cell: func(b T) any {
				policy, _ := of(b)
				return policy
			}},
		{Name: "ParamRef", Description: "ParamRef indicates the param resource which sets the configuration param",
			Cell: func(b T) any {
				_, ref := of(b)
				return paramRef(ref)
			}},
		registry.AgeColumn[T](),
	}
}

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
