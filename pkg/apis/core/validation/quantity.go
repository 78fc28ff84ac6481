package validation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/quantities"
)

const (
	notNegative = "must be greater than or equal to 0"
	notPositive = "must be greater than zero"
	notInteger  = "must be an integer"
)

// ValidateNonnegativeQuantity checks that the quantity is at least zero.
func ValidateNonnegativeQuantity(q resource.Quantity, p *field.Path) field.ErrorList {
	if q.Sign() < 0 {
		return field.ErrorList{field.Invalid(p, q.String(), notNegative)}
	}
	return nil
}

// ValidatePositiveQuantity checks that the quantity is greater than zero.
func ValidatePositiveQuantity(q resource.Quantity, p *field.Path) field.ErrorList {
	if q.Sign() <= 0 {
		return field.ErrorList{field.Invalid(p, q.String(), notPositive)}
	}
	return nil
}

// ValidateBasicResource checks that the quantity is at least zero, for the
// resources of volumes.
func ValidateBasicResource(q resource.Quantity, p *field.Path) field.ErrorList {
	if n := q.Value(); n < 0 {
		return field.ErrorList{field.Invalid(p, n, "must be a valid resource quantity")}
	}
	return nil
}

// SortedNames returns the names of the resources in a list, in their order.
func SortedNames(list corev1.ResourceList) []corev1.ResourceName {
	return slices.Sorted(maps.Keys(list))
}

// ValidateResourceQuantityValue checks that the quantity is at least zero and,
// for resources that cannot be divided, an integer.
func ValidateResourceQuantityValue(name corev1.ResourceName, q resource.Quantity, p *field.Path) field.ErrorList {
	errs := ValidateNonnegativeQuantity(q, p)
	if IsIntegerResourceName(name) && q.MilliValue()%1000 != 0 {
		errs = append(errs, field.Invalid(p, q.String(), notInteger))
	}
	return errs
}

// ValidateHugePageQuantity checks that an amount of huge pages is a positive
// multiple of the page size, which is part of the name. It returns no errors
// for other resources.
func ValidateHugePageQuantity(name corev1.ResourceName, q resource.Quantity, p *field.Path) field.ErrorList {
	if !IsHugePageResourceName(name) {
		return nil
	}
	size, err := HugePageSize(name)
	if err == nil && size.Sign() > 0 && q.MilliValue() >= 0 && q.MilliValue()%size.MilliValue() == 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(p, q.String(), fmt.Sprintf("%s is not positive integer multiple of %s", q.String(), name))}
}

// HugePageSize returns the page size from a name of the form hugepages-SIZE.
func HugePageSize(name corev1.ResourceName) (resource.Quantity, error) {
	size, ok := strings.CutPrefix(string(name), corev1.ResourceHugePagesPrefix)
	if !ok {
		return resource.Quantity{}, fmt.Errorf("resource name %q has no prefix %q", name, corev1.ResourceHugePagesPrefix)
	}
	if quantities.Costly(size, false) {
		return resource.Quantity{}, &quantities.Error{Text: size}
	}
	return resource.ParseQuantity(size)
}

// FractionalBytes returns a warning for each of the named resources whose amount
// is no whole number of bytes. In most cases the user wrote the suffix "m"
// (milli) instead of "M" (mega).
func FractionalBytes(list corev1.ResourceList, p *field.Path, names ...corev1.ResourceName) []string {
	var warnings []string
	for _, name := range names {
		if q, ok := list[name]; ok && q.MilliValue()%1000 != 0 {
			warnings = append(warnings, fmt.Sprintf("%s: fractional byte value %q is invalid, must be an integer", p.Key(string(name)), q.String()))
		}
	}
	return warnings
}
