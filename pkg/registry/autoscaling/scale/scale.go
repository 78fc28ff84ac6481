// Package scale implements the subresource scale, with which clients set the
// number of replicas of a resource without knowing its type.
package scale

import (
	"context"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Scaled tells which fields of a resource contain its numbers of replicas.
type Scaled[T registry.Object] struct {
	// Replicas returns the field with the desired number of replicas.
	Replicas func(obj T) **int32
	// Status returns the current number of replicas, and the selector of the
	// pods.
	Status func(obj T) (replicas int32, selector *metav1.LabelSelector)
}

// REST implements get, update and patch of the subresource scale.
type REST[T registry.Object] struct {
	rest.TableConvertor
	main   *registry.REST
	scaled Scaled[T]
}

var (
	_ rest.Patcher                  = (*REST[*metav1.PartialObjectMetadata])(nil)
	_ rest.TableConvertor           = (*REST[*metav1.PartialObjectMetadata])(nil)
	_ rest.GroupVersionKindProvider = (*REST[*metav1.PartialObjectMetadata])(nil)
)

// New returns the subresource scale of the objects in the main storage.
func New[T registry.Object](main *registry.REST, scaled Scaled[T]) *REST[T] {
	return &REST[T]{registry.NewTable(columns, nil), main, scaled}
}

// Subresource returns a function for the field Subresources of a resource whose
// only subresource is scale.
func Subresource[T registry.Object](scaled Scaled[T]) func(*registry.REST, registry.Deps) map[string]rest.Storage {
	return func(main *registry.REST, _ registry.Deps) map[string]rest.Storage {
		return map[string]rest.Storage{"scale": New(main, scaled)}
	}
}

// New implements rest.Storage.
func (r *REST[T]) New() runtime.Object { return &autoscalingv1.Scale{} }

// Destroy implements rest.Storage. It does nothing, because the store belongs
// to the main resource.
func (r *REST[T]) Destroy() {}

// GroupVersionKind implements rest.GroupVersionKindProvider.
func (r *REST[T]) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return autoscalingv1.SchemeGroupVersion.WithKind("Scale")
}

// Get implements rest.Getter.
func (r *REST[T]) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	obj, err := r.main.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	return r.of(obj)
}

// Update implements rest.Updater. It updates the number of replicas of the main
// object.
func (r *REST[T]) Update(ctx context.Context, name string, objInfo rest.UpdatedObjectInfo,
	createValidation rest.ValidateObjectFunc, updateValidation rest.ValidateObjectUpdateFunc,
	_ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	obj, _, err := r.main.Update(ctx, name, &update[T]{r, name, objInfo},
		func(ctx context.Context, obj runtime.Object) error {
			scale, err := r.of(obj)
			if err != nil {
				return err
			}
			return createValidation(ctx, scale)
		},
		func(ctx context.Context, obj, old runtime.Object) error {
			scale, err := r.of(obj)
			if err != nil {
				return err
			}
			oldScale, err := r.of(old)
			if err != nil {
				return err
			}
			return updateValidation(ctx, scale, oldScale)
		}, false, options)
	if err != nil {
		return nil, false, err
	}
	scale, err := r.of(obj)
	return scale, false, err
}

// of returns the scale of an object.
func (r *REST[T]) of(object runtime.Object) (*autoscalingv1.Scale, error) {
	obj := object.(T)
	replicas, labelSelector := r.scaled.Status(obj)
	selector, err := metav1.LabelSelectorAsSelector(labelSelector)
	if err != nil {
		return nil, err
	}
	return &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{
			Name:              obj.GetName(),
			Namespace:         obj.GetNamespace(),
			UID:               obj.GetUID(),
			ResourceVersion:   obj.GetResourceVersion(),
			CreationTimestamp: obj.GetCreationTimestamp(),
		},
		Spec:   autoscalingv1.ScaleSpec{Replicas: ptr.Deref(*r.scaled.Replicas(obj), 0)},
		Status: autoscalingv1.ScaleStatus{Replicas: replicas, Selector: selector.String()},
	}, nil
}
