package features

import "k8s.io/component-base/featuregate"

// Gated is what a feature adds to T.
type Gated[T any] struct {
	// Gate is the feature.
	Gate featuregate.Feature
	// Field clears the feature's fields where told so, and reports whether
	// one of them was set. Pointer and Slice make it for a single field.
	Field func(obj *T, clear bool) (used bool)
}

// Pointer returns Gated.Field for a single field that is a pointer. field returns
// the address of the field.
func Pointer[T, F any](field func(obj *T) **F) func(obj *T, clear bool) (used bool) {
	return func(obj *T, clear bool) (used bool) {
		f := field(obj)
		used = *f != nil
		if clear {
			*f = nil
		}
		return used
	}
}

// Slice returns Gated.Field for a single field that is a list. field returns the
// address of the field.
func Slice[T, F any](field func(obj *T) *[]F) func(obj *T, clear bool) (used bool) {
	return func(obj *T, clear bool) (used bool) {
		f := field(obj)
		used = len(*f) > 0
		if clear {
			*f = nil
		}
		return used
	}
}

// Drop clears the fields of a table whose gate is off, unless the old object,
// which is nil for a new one, uses the feature already: a gate that is turned
// off takes nothing from what is stored.
func Drop[T any](obj, old *T, table []Gated[T]) {
	for _, g := range table {
		if !Enabled(g.Gate) && (old == nil || !g.Field(old, false)) {
			g.Field(obj, true)
		}
	}
}
