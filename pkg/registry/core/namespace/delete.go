package namespace

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	apistorage "k8s.io/apiserver/pkg/storage"
	storeerr "k8s.io/apiserver/pkg/storage/errors"
	"k8s.io/apiserver/pkg/util/dryrun"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// storage implements the deletion of namespaces, which takes two steps (see the
// package comment).
type storage struct {
	*registry.REST
	// DeleteCollection hides the promoted method of the same name, because
	// kube-apiserver does not serve the deletion of a collection of namespaces.
	DeleteCollection struct{}
}

var (
	_ rest.GracefulDeleter            = (*storage)(nil)
	_ rest.MayReturnFullObjectDeleter = (*storage)(nil)
)

// keepWhileFinalizing makes the store delete a terminating namespace during an
// update only if spec.finalizers is empty as well.
func keepWhileFinalizing(store *genericregistry.Store, _ registry.Deps) {
	store.ShouldDeleteDuringUpdate = func(ctx context.Context, key string, obj, existing runtime.Object) bool {
		return len(obj.(*corev1.Namespace).Spec.Finalizers) == 0 && genericregistry.ShouldDeleteDuringUpdate(ctx, key, obj, existing)
	}
}

// DeleteReturnsDeletedObject implements rest.MayReturnFullObjectDeleter. Like in
// kube-apiserver, OpenAPI says that a Status is the answer, although it is mostly
// the namespace.
func (*storage) DeleteReturnsDeletedObject() bool { return false }

// Delete marks a namespace as terminating. If it is marked already and has no
// finalizers left, Delete removes it from the storage.
func (s *storage) Delete(ctx context.Context, name string, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions) (runtime.Object, bool, error) {
	obj, err := s.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, false, err
	}
	ns := obj.(*corev1.Namespace)
	if options == nil {
		options = metav1.NewDeleteOptions(0)
	}
	if options.Preconditions == nil {
		options.Preconditions = &metav1.Preconditions{}
	}
	if options.Preconditions.UID == nil {
		options.Preconditions.UID = &ns.UID
	}
	if err := s.check(ns, options.Preconditions); err != nil {
		return nil, false, err
	}
	if ns.DeletionTimestamp.IsZero() {
		out, err := s.terminate(ctx, name, validate, options)
		return out, false, err
	}
	if len(ns.Spec.Finalizers) > 0 {
		return ns, false, nil
	}
	return s.REST.Delete(ctx, name, validate, options)
}

func (s *storage) check(ns *corev1.Namespace, want *metav1.Preconditions) error {
	conflict := func(what string, want, have any) error {
		return apierrors.NewConflict(s.DefaultQualifiedResource, ns.Name,
			fmt.Errorf("Precondition failed: %s in precondition: %v, %[1]s in object meta: %[3]v", what, want, have))
	}
	if *want.UID != ns.UID {
		return conflict("UID", *want.UID, ns.UID)
	}
	if want.ResourceVersion != nil && *want.ResourceVersion != ns.ResourceVersion {
		return conflict("ResourceVersion", *want.ResourceVersion, ns.ResourceVersion)
	}
	return nil
}

// terminate marks the stored namespace as terminating.
func (s *storage) terminate(ctx context.Context, name string, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions) (runtime.Object, error) {
	key, err := s.KeyFunc(ctx, name)
	if err != nil {
		return nil, err
	}
	preconditions := apistorage.Preconditions{UID: options.Preconditions.UID, ResourceVersion: options.Preconditions.ResourceVersion}
	out := s.NewFunc()
	err = s.Storage.GuaranteedUpdate(ctx, key, out, false, &preconditions,
		apistorage.SimpleUpdate(func(existing runtime.Object) (runtime.Object, error) {
			if err := validate(ctx, existing); err != nil {
				return nil, err
			}
			ns := existing.(*corev1.Namespace)
			if ns.DeletionTimestamp.IsZero() {
				ns.DeletionTimestamp = ptr.To(metav1.Now())
			}
			ns.Status.Phase = corev1.NamespaceTerminating
			ns.Finalizers = finalizersFor(ns.Finalizers, options)
			return ns, nil
		}), dryrun.IsDryRun(options.DryRun), nil)
	if err != nil {
		err = storeerr.InterpretUpdateError(err, s.DefaultQualifiedResource, name)
		if status := apierrors.APIStatus(nil); !errors.As(err, &status) {
			err = apierrors.NewInternalError(err)
		}
		return nil, err
	}
	return out, nil
}

// finalizersFor returns the finalizers after applying the options: those for
// orphaning and for foreground deletion are replaced by the one that the
// options ask for. If the options do not mention dependents, the finalizers
// remain unchanged.
func finalizersFor(finalizers []string, options *metav1.DeleteOptions) []string {
	var chosen string
	switch {
	case options.OrphanDependents != nil && *options.OrphanDependents:
		chosen = metav1.FinalizerOrphanDependents
	case options.OrphanDependents != nil:
	case options.PropagationPolicy == nil:
		return finalizers
	case *options.PropagationPolicy == metav1.DeletePropagationOrphan:
		chosen = metav1.FinalizerOrphanDependents
	case *options.PropagationPolicy == metav1.DeletePropagationForeground:
		chosen = metav1.FinalizerDeleteDependents
	}
	kept := slices.DeleteFunc(slices.Clone(finalizers), func(f string) bool {
		return f == metav1.FinalizerOrphanDependents || f == metav1.FinalizerDeleteDependents
	})
	if chosen != "" {
		kept = append(kept, chosen)
	}
	return kept
}
