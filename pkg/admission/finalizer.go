package admission

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AddFinalizer returns a hook that gives objects a finalizer, if they do not have
// it yet. The object stays after its deletion until a controller finds that nothing
// needs it any more and removes the finalizer.
func AddFinalizer[T metav1.Object](finalizer string) func(context.Context, Attributes, T) error {
	return func(_ context.Context, _ Attributes, obj T) error {
		if finalizers := obj.GetFinalizers(); !slices.Contains(finalizers, finalizer) {
			obj.SetFinalizers(append(finalizers, finalizer))
		}
		return nil
	}
}
