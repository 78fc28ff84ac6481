package validation

import (
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateList checks a list of at most limit items. Of a list that is longer,
// only this is said.
func ValidateList[T any](items []T, limit int, p *field.Path, validate func(item *T, p *field.Path) field.ErrorList) field.ErrorList {
	if len(items) > limit {
		return field.ErrorList{field.TooMany(p, len(items), limit)}
	}
	var errs field.ErrorList
	for i := range items {
		errs = append(errs, validate(&items[i], p.Index(i))...)
	}
	return errs
}

// ValidateSet is ValidateList for a list in which no two items have the same key.
// What the items repeat is said last.
func ValidateSet[T any, K comparable](
	items []T, limit int, p *field.Path, key func(item *T) K, validate func(item *T, p *field.Path) field.ErrorList,
) field.ErrorList {
	errs := ValidateList(items, limit, p, validate)
	if len(items) > limit {
		return errs
	}
	return append(errs, validateUnique(items, p, key)...)
}

// validateUnique reports items with the key of an earlier one.
func validateUnique[T any, K comparable](items []T, p *field.Path, key func(item *T) K) field.ErrorList {
	var errs field.ErrorList
	seen := sets.Set[K]{}
	for i := range items {
		k := key(&items[i])
		if seen.Has(k) {
			errs = append(errs, field.Duplicate(p.Index(i), k))
		}
		seen.Insert(k)
	}
	return errs
}

// itself is the key of an item that is a key.
func itself[K comparable](item *K) K { return *item }
