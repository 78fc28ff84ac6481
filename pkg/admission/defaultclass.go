package admission

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DefaultClass returns the class that objects get which name none: among those
// that are marked as the default, the newest, and of equally old ones the first by
// name. The second result is false if no class is marked.
func DefaultClass[T metav1.Object](classes []T, marked func(class T) bool) (T, bool) {
	var best T
	found := false
	for _, class := range classes {
		if marked(class) && (!found || compareClasses(class, best) < 0) {
			best, found = class, true
		}
	}
	return best, found
}

func compareClasses(a, b metav1.Object) int {
	return cmp.Or(b.GetCreationTimestamp().Compare(a.GetCreationTimestamp().Time), cmp.Compare(a.GetName(), b.GetName()))
}

// Annotated returns a function that reports whether an object has one of the
// annotations with the value "true".
func Annotated[T metav1.Object](keys ...string) func(obj T) bool {
	return func(obj T) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return obj.GetAnnotations()[key] == "true" })
	}
}
