package validation

import (
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	dracel "k8s.io/dynamic-resource-allocation/cel"
)

// validateDerivedAttributes checks the attributes that the requests of a claim
// compute. Each of them has to be in a constraint, and all together have a limited
// cost.
func validateDerivedAttributes(claim *resourcev1.DeviceClaim, p *field.Path) field.ErrorList {
	d := derived{constrained: constrainedAttributes(claim.Constraints)}
	var errs field.ErrorList
	for i := range claim.Requests {
		request, at := &claim.Requests[i], p.Child("requests").Index(i)
		if request.Exactly != nil {
			errs = append(errs, d.validate(request.Exactly.DerivedAttributes, at.Child("exactly"))...)
		}
		for j := range request.FirstAvailable {
			errs = append(errs, d.validate(request.FirstAvailable[j].DerivedAttributes, at.Child("firstAvailable").Index(j))...)
		}
	}
	if d.cost > resourcev1.DeviceClaimDerivedAttributeCELMaxCost {
		errs = append(errs, field.Forbidden(p, "derived attributes are too complex, exceed cost limit"))
	}
	return errs
}

// constrainedAttributes are the attributes of constraints.
func constrainedAttributes(constraints []resourcev1.DeviceConstraint) sets.Set[resourcev1.FullyQualifiedName] {
	names := sets.Set[resourcev1.FullyQualifiedName]{}
	for _, c := range constraints {
		for _, name := range []*resourcev1.FullyQualifiedName{c.MatchAttribute, c.DistinctAttribute} {
			if name != nil {
				names.Insert(*name)
			}
		}
	}
	return names
}

// derived adds up the cost of the attributes that were validated, up to the limit
// and one more attribute.
type derived struct {
	constrained sets.Set[resourcev1.FullyQualifiedName]
	cost        uint64
}

// validate checks the attributes of one request. p is the request's path.
func (d *derived) validate(attributes []resourcev1.DeviceDerivedAttribute, p *field.Path) field.ErrorList {
	return ValidateSet(attributes, resourcev1.DeviceDerivedAttributesMaxSize, p.Child("derivedAttributes"),
		func(a *resourcev1.DeviceDerivedAttribute) string { return string(a.Name) },
		func(a *resourcev1.DeviceDerivedAttribute, p *field.Path) field.ErrorList {
			compiled, errs := compile(a.Expression, false, dracel.Options{DerivedAttribute: true}, p.Child("expression"))
			if len(errs) == 0 && d.cost <= resourcev1.DeviceClaimDerivedAttributeCELMaxCost {
				d.cost += min(compiled.MaxCost, resourcev1.DeviceClaimDerivedAttributeCELMaxCost+1)
			}
			if !d.constrained.Has(a.Name) {
				errs = append(errs, field.Invalid(p.Child("name"), a.Name, "must be in a constraint of the claim"))
			}
			return errs
		})
}
