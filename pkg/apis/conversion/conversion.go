// Package conversion has what conversions written by hand share. Most
// conversions are generated, see hack/generate.
package conversion

import (
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
)

// Add registers a conversion that cannot fail. The function must not change
// in; out may share memory with it.
func Add[In, Out any](scheme *runtime.Scheme, convert func(in *In, out *Out)) error {
	return scheme.AddConversionFunc((*In)(nil), (*Out)(nil), func(in, out any, _ conversion.Scope) error {
		convert(in.(*In), out.(*Out))
		return nil
	})
}

// Slice converts each element. It returns nil for nil.
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
