package resourceslice

import (
	"fmt"
	"slices"
	"strconv"

	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	resourcevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// maxValidValues is the number of values among which requests are rounded.
const maxValidValues = 10

// validateCapacity checks how requests may consume a capacity. shared reports
// whether the device can be allocated several times; only then is there a policy.
func validateCapacity(c resourcev1.DeviceCapacity, shared bool, p *field.Path) field.ErrorList {
	policy := c.RequestPolicy
	p = p.Child("requestPolicy")
	switch {
	case policy == nil:
		return nil
	case !shared:
		return field.ErrorList{field.Forbidden(p, "allowMultipleAllocations must be true")}
	case len(policy.ValidValues) > 0 && policy.ValidRange != nil:
		return field.ErrorList{field.Forbidden(p, `exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time`)}
	case len(policy.ValidValues) > 0:
		if policy.Default == nil {
			return field.ErrorList{field.Required(p.Child("default"), "required when validValues is defined")}
		}
		return validateValidValues(policy, c.Value, p.Child("validValues"))
	case policy.ValidRange != nil:
		if policy.Default == nil {
			return field.ErrorList{field.Required(p.Child("default"), "required when validRange is defined")}
		}
		return validateRange(policy.ValidRange, *policy.Default, c.Value, p.Child("validRange"))
	}
	return nil
}

// validateValidValues checks the amounts that can be consumed, which are sorted and
// have the default among them.
func validateValidValues(policy *resourcev1.CapacityRequestPolicy, capacity resource.Quantity, p *field.Path) field.ErrorList {
	values, usual := policy.ValidValues, *policy.Default
	var errs field.ErrorList
	for i := 1; i < len(values) && len(values) <= maxValidValues; i++ {
		if values[i].Cmp(values[i-1]) < 0 {
			errs = append(errs, field.Invalid(p.Index(i), values[i].String(), "values must be sorted in ascending order"))
		}
	}
	errs = append(errs, resourcevalidation.ValidateSet(values, maxValidValues, p, wholeUnits,
		func(value *resource.Quantity, p *field.Path) field.ErrorList {
			if value.Cmp(capacity) > 0 {
				return field.ErrorList{field.Invalid(p, value.String(), "option is larger than capacity value: "+capacity.String())}
			}
			return nil
		})...)
	if len(values) > maxValidValues || !slices.ContainsFunc(values, usual.Equal) {
		errs = append(errs, field.Invalid(p, usual.String(), "default value is not valid according to the requestPolicy"))
	}
	return errs
}

// wholeUnits is an amount in whole units, rounded up, as requests count it.
func wholeUnits(q *resource.Quantity) string { return strconv.FormatInt(q.Value(), 10) }

// validateRange checks the range of the amounts that can be consumed, in which the
// default is.
func validateRange(r *resourcev1.CapacityRequestPolicyRange, usual, capacity resource.Quantity, p *field.Path) field.ErrorList {
	minPath, maxPath := p.Child("min"), p.Child("max")
	if r.Min == nil {
		return field.ErrorList{field.Required(minPath, "required when validRange is defined")}
	}
	var errs field.ErrorList
	if r.Min.Cmp(capacity) > 0 {
		errs = append(errs, field.Invalid(minPath, r.Min.String(), "min is larger than capacity value: "+capacity.String()))
	}
	if usual.Cmp(*r.Min) < 0 {
		errs = append(errs, field.Invalid(minPath, usual.String(), "default is less than min: "+r.Min.String()))
	}
	if r.Max != nil {
		if r.Min.Cmp(*r.Max) > 0 {
			errs = append(errs, field.Invalid(maxPath, r.Min.String(), "min is larger than max: "+r.Max.String()))
		}
		if r.Max.Cmp(capacity) > 0 {
			errs = append(errs, field.Invalid(maxPath, r.Max.String(), "max is larger than capacity value: "+capacity.String()))
		}
		if usual.Cmp(*r.Max) > 0 {
			errs = append(errs, field.Invalid(maxPath, usual.String(), "default is more than max: "+r.Max.String()))
		}
	}
	if r.Step != nil {
		errs = append(errs, validateStep(r, usual, capacity, p.Child("step"))...)
	}
	return errs
}

// validateStep checks that the default and the end of a range are whole steps from
// its begin.
func validateStep(r *resourcev1.CapacityRequestPolicyRange, usual, capacity resource.Quantity, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	first := r.Min.DeepCopy()
	if first.Add(*r.Step); first.Cmp(capacity) > 0 {
		errs = append(errs, field.Invalid(p, r.Step.String(),
			fmt.Sprintf("one step %s is larger than capacity value: %s", first.String(), capacity.String())))
	}
	amount := amountIn(r)
	if amount(r.Step) == 0 {
		// kube-apiserver divides by it.
		return append(errs, field.Invalid(p, r.Step.String(), "must not be zero"))
	}
	for _, value := range []*resource.Quantity{&usual, r.Max} {
		if value != nil && (amount(value)-amount(r.Min))%amount(r.Step) != 0 {
			errs = append(errs, field.Invalid(p, value.String(),
				fmt.Sprintf("value is not a multiple of a given step (%s) from (%s)", r.Step, r.Min)))
		}
	}
	return errs
}

// amountIn returns how amounts of a range are counted: in whole units, rounded up,
// or in thousandths where one of its limits is not whole.
func amountIn(r *resourcev1.CapacityRequestPolicyRange) func(*resource.Quantity) int64 {
	fractional := func(q *resource.Quantity) bool { return q != nil && q.MilliValue()%1000 != 0 }
	if features.Enabled(features.DRAFractionalCapacityRange) && (fractional(r.Min) || fractional(r.Max) || fractional(r.Step)) {
		return (*resource.Quantity).MilliValue
	}
	return (*resource.Quantity).Value
}
