package features

import "k8s.io/component-base/featuregate"

// Gated is what a feature adds to T.
type Gated[T any] struct {
	// Gate is the feature.
	Gate featuregate.Feature
	// Field clears the feature's fields where told so, and reports whether
	// one of them was set.
	Field func(obj *T, clear bool) (used bool)
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
