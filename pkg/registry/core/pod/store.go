package pod

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	apistorage "k8s.io/apiserver/pkg/storage"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// store changes stored pods for the subresources bindings and evictions, which
// are actions on a pod and not representations of it.
type store struct{ *genericregistry.Store }

// change applies a function to a stored pod that fulfils the preconditions, and
// writes the result unless it is a dry run. It returns the errors of the
// storage and of the function unchanged.
func (s store) change(ctx context.Context, name string, only *apistorage.Preconditions, dryRun bool, f func(*corev1.Pod) error) (*corev1.Pod, error) {
	key, err := s.KeyFunc(ctx, name)
	if err != nil {
		return nil, err
	}
	changed := &corev1.Pod{}
	return changed, s.Storage.GuaranteedUpdate(ctx, key, changed, false, only,
		apistorage.SimpleUpdate(func(obj runtime.Object) (runtime.Object, error) {
			pod := obj.(*corev1.Pod)
			return pod, f(pod)
		}), dryRun, nil)
}

// requestFor converts the body of a request to a subresource to its type, and
// checks that it names the same pod as the URL. The error is a bad request.
func requestFor[T registry.Object](obj runtime.Object, kind, name string) (T, error) {
	request, ok := obj.(T)
	if !ok {
		return request, apierrors.NewBadRequest(fmt.Sprintf("not a %s object: %#v", kind, obj))
	}
	if request.GetName() != name {
		return request, apierrors.NewBadRequest(fmt.Sprintf("name in URL does not match name in %s object", kind))
	}
	return request, nil
}
