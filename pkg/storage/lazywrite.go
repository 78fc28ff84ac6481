package storage

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	apistorage "k8s.io/apiserver/pkg/storage"

	"github.com/gatehouse-k8s/gatehouse/pkg/stack"
)

// beforeCreation is called before a write that may create an object.
func (l *lazyCache) beforeCreation(ctx context.Context) error {
	if l.occupancy == nil {
		return nil
	}
	return l.occupancy.stir(ctx)
}

// beforeChange is called before a write of an object that exists, if the write succeeds.
func (l *lazyCache) beforeChange(ctx context.Context) error {
	if l.occupancy == nil || !l.occupancy.isStill() {
		return nil
	}
	if err := l.occupancy.lookUp(ctx, l.Interface); err != nil || !l.occupancy.isOccupied() {
		return err
	}
	return l.occupancy.stir(ctx)
}

// Create implements storage.Interface.
func (l *lazyCache) Create(ctx context.Context, key string, obj, out runtime.Object, ttl uint64) error {
	if err := l.beforeCreation(ctx); err != nil {
		return err
	}
	return l.Interface.Create(ctx, key, obj, out, ttl)
}

// GuaranteedUpdate implements storage.Interface. The change begins with the object in etcd. The
// cache would let it begin with its own, and do it once more if that is a moment old: then
// admission has seen the request twice, and quotas are charged twice.
func (l *lazyCache) GuaranteedUpdate(ctx context.Context, key string, destination runtime.Object, ignoreNotFound bool,
	preconditions *apistorage.Preconditions, tryUpdate apistorage.UpdateFunc, existing runtime.Object) error {
	stack.Grow() // patches are merged and admitted inside of it
	before := l.beforeChange
	if ignoreNotFound {
		before = l.beforeCreation
	}
	if err := before(ctx); err != nil {
		return err
	}
	return l.Interface.GuaranteedUpdate(ctx, key, destination, ignoreNotFound, preconditions, tryUpdate, existing)
}

// Delete implements storage.Interface.
func (l *lazyCache) Delete(ctx context.Context, key string, out runtime.Object, preconditions *apistorage.Preconditions,
	validate apistorage.ValidateObjectFunc, existing runtime.Object, opts apistorage.DeleteOptions) error {
	if err := l.beforeChange(ctx); err != nil {
		return err
	}
	return l.current().Delete(ctx, key, out, preconditions, validate, existing, opts)
}
