// Package conversion contains functions for conversions that are written by
// hand. Most conversions are generated (see hack/generate).
package conversion

import (
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
)

// Add registers a conversion that cannot fail. The function must not change in,
// and out may share memory with it.
func Add[In, Out any](scheme *runtime.Scheme, convert func(in *In, out *Out)) error {
	return scheme.AddConversionFunc((*In)(nil), (*Out)(nil), func(in, out any, _ conversion.Scope) error {
		convert(in.(*In), out.(*Out))
		return nil
	})
}

// Slice converts each element of a slice. It returns nil if the slice is nil.
func Slice[In, Out any](in []In, convert func(in *In, out *Out)) []Out {
	if in == nil {
		return nil
	}
	out := make([]Out, len(in))
	for i := range in {
		convert(&in[i], &out[i])
	}
	return out
}
