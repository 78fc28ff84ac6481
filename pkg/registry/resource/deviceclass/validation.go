package deviceclass

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	resourcevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/validation"
)

// validateName has the words of a tag of the type, which replaced the rule in
// kube-apiserver. So there is no rule for the prefix of a generated name.
func validateName(name string, prefix bool) []string {
	if prefix {
		return nil
	}
	return content.IsDNS1123Subdomain(name)
}

func validate(_ context.Context, c object) field.ErrorList {
	return validateSpec(&c.Spec, &resourcev1.DeviceClassSpec{})
}

func validateUpdate(_ context.Context, c, old object) field.ErrorList {
	return validateSpec(&c.Spec, &old.Spec)
}

func validateSpec(spec, old *resourcev1.DeviceClassSpec) field.ErrorList {
	p := field.NewPath("spec")
	errs := resourcevalidation.ValidateSelectors(spec.Selectors, old.Selectors, p.Child("selectors"))
	errs = append(errs, resourcevalidation.ValidateList(spec.Config, resourcev1.DeviceConfigMaxSize, p.Child("config"),
		func(c *resourcev1.DeviceClassConfiguration, p *field.Path) field.ErrorList {
			stored := slices.ContainsFunc(old.Config, func(o resourcev1.DeviceClassConfiguration) bool { return apiequality.Semantic.DeepEqual(c, &o) })
			return resourcevalidation.ValidateConfiguration(&c.DeviceConfiguration, stored, p)
		})...)
	if name := spec.ExtendedResourceName; name != nil && !validation.IsExtendedResourceName(corev1.ResourceName(*name)) {
		errs = append(errs, field.Invalid(p.Child("extendedResourceName"), *name, "must be a valid extended resource name"))
	}
	return errs
}
