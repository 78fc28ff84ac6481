package service

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/util/dryrun"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// allocator allocates the addresses and ports of a service before the service
// is validated and written, and afterwards releases those that are not used.
type allocator struct {
	*allocation.Services
	objects *objects.Access
}

// cleanupTimeout limits the time of the cleanup after a write. The cleanup does
// not use the context of the request, because that may have been cancelled
// already.
const cleanupTimeout = 10 * time.Second

var endpoints = corev1.SchemeGroupVersion.WithResource("endpoints")

// transaction collects functions to be called after a write: commit if it has
// succeeded, rollback if it has failed.
type transaction struct{ commit, rollback []func(context.Context) error }

func (t *transaction) finish(ctx context.Context, success bool) {
	steps := t.rollback
	if success {
		steps = t.commit
	}
	if len(steps) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	for _, step := range steps {
		if err := step(ctx); err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Releasing what a service does not need; the repair loop will")
		}
	}
}

// end returns the function with which the store ends the transaction. If err is
// not nil, end rolls the transaction back immediately and returns the error.
func (t *transaction) end(ctx context.Context, err error) (genericregistry.FinishFunc, error) {
	if err != nil {
		t.finish(ctx, false)
		return nil, err
	}
	return t.finish, nil
}

// beginCreate implements genericregistry.BeginCreateFunc.
func (a *allocator) beginCreate(ctx context.Context, obj runtime.Object, options *metav1.CreateOptions) (genericregistry.FinishFunc, error) {
	s := obj.(*corev1.Service)
	alignClusterIPs(s, nil)
	return a.allocate(ctx, s, nil, dryrun.IsDryRun(options.DryRun))
}

// beginUpdate implements genericregistry.BeginUpdateFunc.
func (a *allocator) beginUpdate(ctx context.Context, obj, before runtime.Object, options *metav1.UpdateOptions) (genericregistry.FinishFunc, error) {
	s, old := obj.(*corev1.Service), before.(*corev1.Service)
	dropOfOldType(s, old)
	keepAllocated(s, old)
	alignClusterIPs(s, old)
	return a.allocate(ctx, s, old, dryrun.IsDryRun(options.DryRun))
}

func (a *allocator) allocate(ctx context.Context, s, old *corev1.Service, dryRun bool) (genericregistry.FinishFunc, error) {
	if err := decideFamilies(s, old, a.Families); err != nil {
		return nil, err
	}
	t := &transaction{}
	if err := a.allocateAddresses(ctx, t, s, old, dryRun); err != nil {
		return t.end(ctx, err)
	}
	return t.end(ctx, a.allocatePorts(ctx, t, s, old, dryRun))
}

// afterDelete implements genericregistry.AfterDeleteFunc. It also deletes the
// endpoints of the service.
func (a *allocator) afterDelete(obj runtime.Object, options *metav1.DeleteOptions) {
	if options != nil && dryrun.IsDryRun(options.DryRun) {
		return
	}
	s := obj.(*corev1.Service)
	t := &transaction{}
	t.commit = append(t.commit, func(ctx context.Context) error {
		if err := objects.Delete(ctx, a.objects, endpoints, s.Namespace, s.Name, ""); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		return nil
	})
	if allocatesClusterIP(s) {
		a.releaseAddresses(t, s.Spec.ClusterIPs)
	}
	if ports := allPortsOf(s); len(ports) > 0 {
		t.commit = append(t.commit, a.free(ports))
	}
	t.finish(context.Background(), true)
}
