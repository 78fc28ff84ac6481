package storage

import (
	"context"
	"reflect"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	apistorage "k8s.io/apiserver/pkg/storage"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// GetList implements storage.Interface. A list that is followed by a watch comes from the
// cache, which serves the watch as well then; a cache that is made later could not. It need
// not if the watch will be dormant.
func (l *lazyCache) GetList(ctx context.Context, key string, opts apistorage.ListOptions, list runtime.Object) error {
	if l.cached.Load() == nil && l.occupancy != nil && !objects.IsFollowing(ctx) {
		// After a restart, objects may be there although nothing was written.
		if err := l.occupancy.lookUp(ctx, l.Interface); err != nil {
			return err
		}
	}
	if l.cached.Load() == nil && l.worthCache(ctx, opts) {
		if _, err := l.fill(ctx); err != nil {
			return err
		}
	}
	if l.cached.Load() == nil && l.occupancy != nil && objects.IsFollowing(ctx) {
		return l.firstList(ctx, key, opts, list)
	}
	return l.current().GetList(ctx, key, opts, list)
}

// firstList gives a list that is followed by a watch what the first such list got, as long
// as nothing has been written.
func (l *lazyCache) firstList(ctx context.Context, key string, opts apistorage.ListOptions, list runtime.Object) error {
	whole := opts.Recursive && opts.Predicate.Empty() && opts.Predicate.Limit == 0
	if first := l.first.Load(); whole && first != nil && l.occupancy.isStill() {
		return copyList(list, *first)
	}
	if err := l.Interface.GetList(ctx, key, opts, list); err != nil || !whole {
		return err
	}
	first := reflect.New(reflect.TypeOf(list).Elem()).Interface().(runtime.Object)
	if err := copyList(first, list); err != nil {
		return err
	}
	if l.first.CompareAndSwap(nil, &first) {
		context.AfterFunc(l.occupancy.stillness, func() { l.first.Store(nil) })
	}
	return nil
}

// copyList copies a list and its objects, but not what these refer to.
func copyList(to, from runtime.Object) error {
	reflect.ValueOf(to).Elem().Set(reflect.ValueOf(from).Elem())
	items, err := meta.GetItemsPtr(to)
	if err != nil {
		return err
	}
	all := reflect.ValueOf(items).Elem()
	all.Set(reflect.AppendSlice(reflect.MakeSlice(all.Type(), 0, all.Len()), all))
	return nil
}

// worthCache reports whether the cache has to be made for a list.
func (l *lazyCache) worthCache(ctx context.Context, opts apistorage.ListOptions) bool {
	switch {
	case l.occupancy != nil && !l.occupancy.isOccupied():
		return false
	case objects.IsFollowing(ctx):
		return l.occupancy == nil || !l.occupancy.isStill()
	default:
		return l.lists.Add(1) > uncachedLists || opts.Predicate.Limit == 0 && l.isLarge(ctx)
	}
}

// isLarge reports whether a list of all objects would take much memory without a cache, whose objects lists share.
func (l *lazyCache) isLarge(ctx context.Context) bool {
	found, err := l.Stats(ctx)
	return err == nil && found.ObjectCount > largeList
}
