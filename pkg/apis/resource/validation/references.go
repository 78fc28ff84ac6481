package validation

import (
	"slices"
	"strings"

	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// RequestNames are the names of the requests of a claim, with the names of the
// subrequests of each.
type RequestNames map[string][]string

// RequestNamesOf returns the names of the requests of a claim.
func RequestNamesOf(spec *resourcev1.ResourceClaimSpec) RequestNames {
	names := RequestNames{}
	for _, request := range spec.Devices.Requests {
		names[request.Name] = []string{}
		for _, sub := range request.FirstAvailable {
			names[request.Name] = append(names[request.Name], sub.Name)
		}
	}
	return names
}

// has reports whether a reference is the name of a request, or of a request and a
// subrequest.
func (n RequestNames) has(reference string) bool {
	request, sub, isSub := strings.Cut(reference, "/")
	subs, found := n[request]
	return found && (!isSub || slices.Contains(subs, sub))
}

// hasAllocatable is has for a device that was allocated: which subrequest it is
// for must be said.
func (n RequestNames) hasAllocatable(reference string) bool {
	return n.has(reference) && len(n[reference]) == 0
}

// ValidateReferences checks the names of the requests to which something applies.
func (n RequestNames) ValidateReferences(references []string, p *field.Path) field.ErrorList {
	return ValidateSet(references, resourcev1.DeviceRequestsMaxSize, p, itself,
		func(reference *string, p *field.Path) field.ErrorList { return validateReference(*reference, n.has, p) })
}

// ValidateAllocated checks the name of the request for which a device was
// allocated.
func (n RequestNames) ValidateAllocated(reference string, p *field.Path) field.ErrorList {
	return validateReference(reference, n.hasAllocatable, p)
}

func validateReference(reference string, exists func(reference string) bool, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if parts := strings.Split(reference, "/"); len(parts) <= 2 {
		for _, part := range parts {
			errs = append(errs, validation.ValidateDNS1123Label(part, p)...)
		}
	}
	if !exists(reference) {
		errs = append(errs, field.Invalid(p, reference,
			"must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"))
	}
	return errs
}

// validateConstraint checks what devices must have in common, or not. Of two
// attributes kube-apiserver accepts both and checks the first, in spite of what it
// says.
func (n RequestNames) validateConstraint(c *resourcev1.DeviceConstraint, p *field.Path) field.ErrorList {
	errs := n.ValidateReferences(c.Requests, p.Child("requests"))
	switch {
	case c.MatchAttribute != nil:
		return append(errs, validateFullyQualifiedName(*c.MatchAttribute, p.Child("matchAttribute"))...)
	case c.DistinctAttribute != nil:
		return append(errs, validateFullyQualifiedName(*c.DistinctAttribute, p.Child("distinctAttribute"))...)
	}
	return append(errs, field.Required(p, `exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set`))
}
