package scale

import (
	"context"
	"errors"
	"fmt"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// update converts an update of a scale to an update of the object that it
// belongs to. It also converts the managed fields in both directions, so that
// the manager who owns the replicas of the object owns those of the scale and
// vice versa.
type update[T registry.Object] struct {
	*REST[T]
	name string
	info rest.UpdatedObjectInfo
}

// Preconditions implements rest.UpdatedObjectInfo.
func (u *update[T]) Preconditions() *metav1.Preconditions { return u.info.Preconditions() }

// UpdatedObject implements rest.UpdatedObjectInfo.
func (u *update[T]) UpdatedObject(ctx context.Context, old runtime.Object) (runtime.Object, error) {
	obj := old.DeepCopyObject().(T)
	if obj.GetResourceVersion() == "" {
		return nil, apierrors.NewNotFound(u.main.DefaultQualifiedResource, u.name)
	}
	version, err := u.version(ctx)
	if err != nil {
		return nil, err
	}
	owners := managedfields.NewScaleHandler(obj.GetManagedFields(), version, u.replicas())
	scale, err := u.updatedScale(ctx, obj, owners)
	if err != nil {
		return nil, err
	}
	*u.scaled.Replicas(obj) = &scale.Spec.Replicas
	obj.SetResourceVersion(scale.ResourceVersion)
	managed, err := owners.ToParent(scale.ManagedFields)
	if err != nil {
		return nil, err
	}
	obj.SetManagedFields(managed)
	return obj, nil
}

// version returns the group version of the request, which is recorded in the
// managed fields.
func (u *update[T]) version(ctx context.Context) (schema.GroupVersion, error) {
	info, ok := genericapirequest.RequestInfoFrom(ctx)
	if !ok {
		return schema.GroupVersion{}, apierrors.NewInternalError(errors.New("no information about the request in its context"))
	}
	return schema.GroupVersion{Group: info.APIGroup, Version: info.APIVersion}, nil
}

// replicas returns the path of the replicas in each version of the object.
func (u *update[T]) replicas() managedfields.ResourcePathMappings {
	paths := managedfields.ResourcePathMappings{}
	for _, version := range u.main.Versions {
		paths[version.String()] = fieldpath.MakePathOrDie("spec", "replicas")
	}
	return paths
}

// updatedScale applies the request to the current scale of the object.
func (u *update[T]) updatedScale(ctx context.Context, obj T, owners *managedfields.ScaleHandler) (*autoscalingv1.Scale, error) {
	old, err := u.of(obj)
	if err != nil {
		return nil, err
	}
	if old.ManagedFields, err = owners.ToSubresource(); err != nil {
		return nil, err
	}
	changed, err := u.info.UpdatedObject(ctx, old)
	if err != nil {
		return nil, err
	}
	scale, ok := changed.(*autoscalingv1.Scale)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("expected input object type to be Scale, but %T", changed))
	}
	if scale.UID != "" && scale.UID != obj.GetUID() {
		return nil, apierrors.NewConflict(u.main.DefaultQualifiedResource, u.name,
			fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", scale.UID, obj.GetUID()))
	}
	if errs := validate(scale); len(errs) > 0 {
		return nil, apierrors.NewInvalid(autoscalingv1.SchemeGroupVersion.WithKind("Scale").GroupKind(), u.name, errs)
	}
	return scale, nil
}

func validate(scale *autoscalingv1.Scale) field.ErrorList {
	errs := apivalidation.ValidateObjectMeta(&scale.ObjectMeta, true, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	if n := scale.Spec.Replicas; n < 0 {
		errs = append(errs, field.Invalid(field.NewPath("spec", "replicas"), n, "must be greater than or equal to 0"))
	}
	return errs
}
