package ingressclass

import (
	"context"

	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	networkingvalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/networking/validation"
)

// maxController is the length of the longest name of a controller, in bytes.
const maxController = 250

var (
	controllerPath = field.NewPath("spec", "controller")
	parametersPath = field.NewPath("spec", "parameters")
)

func validate(_ context.Context, c *networkingv1.IngressClass) field.ErrorList {
	var errs field.ErrorList
	if len(c.Spec.Controller) > maxController {
		errs = append(errs, field.TooLong(controllerPath, c.Spec.Controller, maxController))
	}
	errs = append(errs, utilvalidation.IsDomainPrefixedPath(controllerPath, c.Spec.Controller)...)
	return append(errs, validateParameters(c.Spec.Parameters, parametersPath)...)
}

func validateParameters(ref *networkingv1.IngressClassParametersReference, p *field.Path) field.ErrorList {
	if ref == nil {
		return nil
	}
	errs := networkingvalidation.ValidateTypedReference(ref.APIGroup, ref.Kind, ref.Name, p)
	if ref.Scope == nil {
		return append(errs, field.Required(p.Child("scope"), ""))
	}
	errs = append(errs, metavalidation.ValidateOneOf(*ref.Scope, p.Child("scope"),
		networkingv1.IngressClassParametersReferenceScopeCluster, networkingv1.IngressClassParametersReferenceScopeNamespace)...)
	switch at := p.Child("namespace"); *ref.Scope {
	case networkingv1.IngressClassParametersReferenceScopeNamespace:
		if ref.Namespace == nil {
			return append(errs, field.Required(at, "`parameters.scope` is set to 'Namespace'"))
		}
		errs = append(errs, validation.ValidateDNS1123Label(*ref.Namespace, at)...)
	case networkingv1.IngressClassParametersReferenceScopeCluster:
		if ref.Namespace != nil {
			errs = append(errs, field.Forbidden(at, "`parameters.scope` is set to 'Cluster'"))
		}
	}
	return errs
}

func validateUpdate(_ context.Context, c, old *networkingv1.IngressClass) field.ErrorList {
	return apivalidation.ValidateImmutableField(c.Spec.Controller, old.Spec.Controller, controllerPath)
}
