// Package ipaddress defines IPAddresses, each of which tells which object an
// address belongs to. The server creates one for each cluster IP of a service.
package ipaddress

import (
	"context"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines IP addresses.
var Resource = &registry.Resource[*networkingv1.IPAddress]{
	GVR:           networkingv1.SchemeGroupVersion.WithResource("ipaddresses"),
	Versions:      []schema.GroupVersion{networkingv1.SchemeGroupVersion, networkingv1beta1.SchemeGroupVersion},
	Singular:      "ipaddress",
	ShortNames:    []string{"ip"},
	ClusterScoped: true,
	New:           func() *networkingv1.IPAddress { return &networkingv1.IPAddress{} },
	NewList:       func() runtime.Object { return &networkingv1.IPAddressList{} },
	ValidateName:  validateName,
	Hooks: registry.Hooks[*networkingv1.IPAddress]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.MetadataChange, registry.Whole, registry.Change},
		ValidateUpdate: validateUpdate,
	},
	Columns: []registry.Column[*networkingv1.IPAddress]{
		registry.NameColumn[*networkingv1.IPAddress](),
		{Name: "ParentRef", Description: registry.Doc(networkingv1.IPAddressSpec{}, "parentRef"),
			Cell: func(ip *networkingv1.IPAddress) any { return format(ip.Spec.ParentRef) }},
	},
}

var parentPath = field.NewPath("spec", "parentRef")

func format(parent *networkingv1.ParentReference) string {
	if parent == nil {
		return registry.None
	}
	parts := []string{parent.Resource, parent.Namespace, parent.Name}
	if parent.Group != "" {
		parts[0] += "." + parent.Group
	}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "/")
}

func validate(_ context.Context, ip *networkingv1.IPAddress) field.ErrorList {
	return validateParent(ip.Spec.ParentRef)
}

// validateUpdate refuses changes of the owner of an address, because the old
// owner would continue to use the address.
func validateUpdate(_ context.Context, ip, old *networkingv1.IPAddress) field.ErrorList {
	if len(apivalidation.ValidateImmutableField(ip.Spec.ParentRef, old.Spec.ParentRef, parentPath)) == 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(parentPath, goform.Of(ip.Spec.ParentRef), apivalidation.FieldImmutableErrorMsg)}
}

// validateName checks that the name is an IP address in canonical form.
func validateName(name string, _ bool) (complaints []string) {
	for _, err := range utilvalidation.IsValidIP(nil, name) {
		complaints = append(complaints, err.Detail)
	}
	return complaints
}

func validateParent(parent *networkingv1.ParentReference) field.ErrorList {
	if parent == nil {
		return field.ErrorList{field.Required(parentPath, "")}
	}
	var errs field.ErrorList
	if parent.Group != "" {
		errs = append(errs, validation.ValidateDNS1123Subdomain(parent.Group, parentPath.Child("group"))...)
	}
	errs = append(errs, validateSegment(parent.Resource, true, parentPath.Child("resource"))...)
	errs = append(errs, validateSegment(parent.Name, true, parentPath.Child("name"))...)
	return append(errs, validateSegment(parent.Namespace, false, parentPath.Child("namespace"))...)
}

// validateSegment checks that a value is valid as a segment of a URL path.
func validateSegment(value string, required bool, at *field.Path) (errs field.ErrorList) {
	if value == "" {
		if required {
			errs = append(errs, field.Required(at, ""))
		}
		return errs
	}
	for _, complaint := range pathvalidation.IsValidPathSegmentName(value) {
		errs = append(errs, field.Invalid(at, value, complaint))
	}
	return errs
}
