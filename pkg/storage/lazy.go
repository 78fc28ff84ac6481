package storage

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	apistorage "k8s.io/apiserver/pkg/storage"
	cacherstorage "k8s.io/apiserver/pkg/storage/cacher"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// uncachedLists is how many lists of a resource are read from etcd before its
// watch cache is made for them. Tools that look at everything once, such as the
// deletion of a namespace, should not make the caches of all resources.
const uncachedLists = 3

// uncachedReads is how many objects of a resource are read from etcd by requests that allow the answer of
// the watch cache, before it is made for them. The authentication of service accounts is the most frequent of them.
const uncachedReads = 100

// largeList is how many objects a resource may have so that the first lists are read from etcd.
const largeList = 1000

// lazyCache is storage whose watch cache is made when it is of use: for a watch of
// a resource that changes, and for repeated lists and reads. A watch cache has twenty
// goroutines, and most resources of a test have no objects at all, or those with which
// every cluster begins.
//
// As long as nothing of a resource has been written since the start, watches of it are
// dormant: they have nothing to tell. The first write wakes them before it is
// executed, so no event is lost. That requires that all writes come through this
// server; where others write to the same etcd, there is no occupancy, and watches
// make the cache.
type lazyCache struct {
	apistorage.Interface // reads from etcd
	resource             schema.GroupResource
	newFunc, newListFunc func() runtime.Object
	build                func() (*cacherstorage.Cacher, *cacherstorage.CacheDelegator, error)
	// occupancy is nil if others may write to the etcd.
	occupancy *occupancy
	// eager is true if the storage is not ready without its cache.
	eager bool
	// since is the resource version at the start of the server, with the first objects.
	since *atomic.Uint64

	lists, reads atomic.Int32
	// initial is how many bytes the lists of initialWatches have.
	initial atomic.Int64
	// cached is the cache when it is filled, and filledAt the resource version from
	// which on it has all events.
	cached   atomic.Pointer[cacherstorage.CacheDelegator]
	filledAt atomic.Uint64

	// first is the list of all objects as long as nothing has been written, for those who
	// follow the resource. They share what its objects refer to, as with the cache.
	first atomic.Pointer[runtime.Object]

	mu        sync.Mutex
	cacher    *cacherstorage.Cacher
	delegator *cacherstorage.CacheDelegator
	sleeping  map[*dormantWatch]struct{}
	stopped   bool
}

var errStopped = errors.New("the storage is closed")

// current returns the cache if there is one, and else what reads from etcd.
func (l *lazyCache) current() apistorage.Interface {
	if c := l.cached.Load(); c != nil {
		return c
	}
	return l.Interface
}

// fill returns the cache, which it makes if there is none. It waits until the cache
// is filled, because a watch of one that is not would be refused with 429.
func (l *lazyCache) fill(ctx context.Context) (apistorage.Interface, error) {
	if c := l.cached.Load(); c != nil {
		return c, nil
	}
	cacher, delegator, err := l.make()
	if err != nil {
		return nil, err
	}
	if err := cacher.Wait(ctx); err != nil {
		return nil, err
	}
	now, err := l.GetCurrentResourceVersion(ctx)
	if err != nil {
		return nil, err
	}
	l.filledAt.CompareAndSwap(0, now)
	l.cached.Store(delegator)
	return delegator, nil
}

// make returns the cache, which it makes if there is none. It may be empty.
func (l *lazyCache) make() (*cacherstorage.Cacher, *cacherstorage.CacheDelegator, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return nil, nil, errStopped
	}
	var err error
	if l.cacher == nil {
		l.cacher, l.delegator, err = l.build()
	}
	return l.cacher, l.delegator, err
}

// Watch implements storage.Interface.
func (l *lazyCache) Watch(ctx context.Context, key string, opts apistorage.ListOptions) (watch.Interface, error) {
	if l.occupancy != nil && l.cached.Load() == nil {
		if err := l.occupancy.lookUp(ctx, l.Interface); err != nil {
			return nil, err
		}
		if w, err := l.sleep(ctx, key, opts); w != nil || err != nil {
			return w, err
		}
	}
	if l.eager {
		_, cache, err := l.make()
		if err != nil {
			return nil, err
		}
		return cache.Watch(ctx, key, opts) // 429 as long as it is not filled
	}
	cache, err := l.fill(ctx)
	if err != nil {
		return nil, err
	}
	if w := l.watchFromList(ctx, cache, key, opts); w != nil {
		return w, nil
	}
	// The cache has no events from before it was made. etcd has, as long as it has not
	// been compacted. A watch from before the start of the server is refused by the
	// cache, as by kube-apiserver, whose caches are made at the start.
	from, err := l.Versioner().ParseResourceVersion(opts.ResourceVersion)
	// An informer of the server has its list from the cache, and so its watch.
	if filledAt := l.filledAt.Load(); err == nil && from >= l.since.Load() && from < filledAt && !objects.IsFollowing(ctx) {
		return newHandover(ctx, l.Interface, cache, key, opts, filledAt)
	}
	return cache.Watch(ctx, key, opts)
}

// sleep returns a dormant watch, or nil if the watch has to be served by the cache:
// because something was written since the start, because it begins earlier, or because it
// begins with the objects that there are.
func (l *lazyCache) sleep(ctx context.Context, key string, opts apistorage.ListOptions) (watch.Interface, error) {
	if !l.occupancy.isStill() {
		return nil, nil
	}
	now, err := l.GetCurrentResourceVersion(ctx)
	if err != nil {
		return nil, err
	}
	from, err := l.Versioner().ParseResourceVersion(opts.ResourceVersion)
	if err != nil || from != 0 && from < l.since.Load() || from > now {
		return nil, nil
	}
	if l.occupancy.isOccupied() && (from == 0 || opts.SendInitialEvents != nil) {
		return nil, nil
	}
	w, err := newDormantWatch(ctx, l, key, opts, now)
	if err != nil {
		return nil, err
	}
	if !l.remember(w) {
		return nil, errStopped
	}
	if !l.occupancy.add(w) {
		w.Stop()
		return nil, nil
	}
	return w, nil
}

// remember keeps a watch, so that it ends with the storage.
func (l *lazyCache) remember(w *dormantWatch) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return false
	}
	if l.sleeping == nil {
		l.sleeping = map[*dormantWatch]struct{}{}
	}
	l.sleeping[w] = struct{}{}
	return true
}

// forget is called when a watch ends.
func (l *lazyCache) forget(w *dormantWatch) {
	l.occupancy.remove(w)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sleeping, w)
}

// Get implements storage.Interface. A bad resource version gets the answer of the
// cache: etcd has another one.
func (l *lazyCache) Get(ctx context.Context, key string, opts apistorage.GetOptions, out runtime.Object) error {
	if opts.ResourceVersion != "" {
		if _, err := l.Versioner().ParseResourceVersion(opts.ResourceVersion); err != nil {
			return err
		}
		if l.cached.Load() == nil && l.reads.Add(1) == uncachedReads {
			l.fillInBackground()
		}
	}
	return l.current().Get(ctx, key, opts, out)
}

// Stats implements storage.Interface.
func (l *lazyCache) Stats(ctx context.Context) (apistorage.Stats, error) {
	return l.current().Stats(ctx)
}

// ReadinessCheck implements storage.Interface.
func (l *lazyCache) ReadinessCheck() error {
	if l.eager && l.cached.Load() == nil {
		return apistorage.ErrStorageNotReady
	}
	return l.current().ReadinessCheck()
}

// fillAtOnce makes the cache without being asked, and keeps the storage from being
// ready until it is filled. That is how a server with encryption at rest notices at
// its start that it cannot decrypt what it has.
func (l *lazyCache) fillAtOnce() {
	l.eager = true
	_ = l.beforeCreation(context.Background()) // nothing sleeps yet that could fail to wake
	l.fillInBackground()
}

// fillInBackground makes the cache without waiting for it. The end of the storage ends the
// attempt. There are no other errors: the cache tries again for ever.
func (l *lazyCache) fillInBackground() {
	go func() { _, _ = l.fill(context.Background()) }()
}

// RequestWatchProgress implements storage.Interface.
func (l *lazyCache) RequestWatchProgress(ctx context.Context) error {
	return l.current().RequestWatchProgress(ctx)
}

// CompactRevision implements storage.Interface.
func (l *lazyCache) CompactRevision() int64 { return l.current().CompactRevision() }

// stop ends the cache and all watches.
func (l *lazyCache) stop() {
	l.mu.Lock()
	l.stopped = true
	sleeping, cacher, delegator := l.sleeping, l.cacher, l.delegator
	l.sleeping = nil
	l.mu.Unlock()
	for w := range sleeping {
		w.Stop()
	}
	if cacher != nil {
		delegator.Stop()
		cacher.Stop()
	}
}
