package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"
)

// dormantInformer is an informer of a resource that may have no objects: it begins its
// work, for which it has ten goroutines, before the first one is created. Until then its
// empty store is what the server has, so it counts as synced. That stays so: a server
// does not cease to be ready because it gets an object.
type dormantInformer struct {
	cache.SharedIndexInformer
	// vacancy returns a context that ends when the resource may have objects, or nil if
	// that is not known. It is asked once, when the informer is to run or is asked
	// whether it has synced.
	vacancy func() context.Context
	slept   atomic.Bool
}

func newDormantInformer(informer cache.SharedIndexInformer, vacancy func() context.Context) *dormantInformer {
	return &dormantInformer{SharedIndexInformer: informer, vacancy: sync.OnceValue(vacancy)}
}

// synced reports whether the informer sleeps, or has slept.
func (d *dormantInformer) synced() bool {
	if d.slept.Load() {
		return true
	}
	if v := d.vacancy(); v == nil || v.Err() != nil {
		return false
	}
	d.slept.Store(true)
	return true
}

// Run implements cache.SharedInformer.
func (d *dormantInformer) Run(stop <-chan struct{}) { d.RunWithContext(wait.ContextForChannel(stop)) }

// RunWithContext implements cache.SharedInformer.
func (d *dormantInformer) RunWithContext(ctx context.Context) {
	if v := d.vacancy(); v != nil {
		select {
		case <-v.Done():
		case <-ctx.Done():
			return
		}
	}
	d.SharedIndexInformer.RunWithContext(ctx)
}

// HasSynced implements cache.SharedInformer.
func (d *dormantInformer) HasSynced() bool { return d.synced() || d.SharedIndexInformer.HasSynced() }

// HasSyncedChecker implements cache.SharedInformer.
func (d *dormantInformer) HasSyncedChecker() cache.DoneChecker {
	return d.checker(d.SharedIndexInformer.HasSyncedChecker())
}

func (d *dormantInformer) checker(awake cache.DoneChecker) cache.DoneChecker {
	if d.synced() {
		return asleep{awake}
	}
	return awake
}

// AddEventHandler implements cache.SharedInformer, as the two methods below do.
func (d *dormantInformer) AddEventHandler(handler cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	return d.registered(d.SharedIndexInformer.AddEventHandler(handler))
}

// AddEventHandlerWithResyncPeriod implements cache.SharedInformer.
func (d *dormantInformer) AddEventHandlerWithResyncPeriod(handler cache.ResourceEventHandler,
	resync time.Duration) (cache.ResourceEventHandlerRegistration, error) {
	return d.registered(d.SharedIndexInformer.AddEventHandlerWithResyncPeriod(handler, resync))
}

// AddEventHandlerWithOptions implements cache.SharedInformer.
func (d *dormantInformer) AddEventHandlerWithOptions(handler cache.ResourceEventHandler,
	options cache.HandlerOptions) (cache.ResourceEventHandlerRegistration, error) {
	return d.registered(d.SharedIndexInformer.AddEventHandlerWithOptions(handler, options))
}

func (d *dormantInformer) registered(r cache.ResourceEventHandlerRegistration, err error) (cache.ResourceEventHandlerRegistration, error) {
	if err != nil {
		return nil, err
	}
	return registration{r, d}, nil
}

// RemoveEventHandler implements cache.SharedInformer.
func (d *dormantInformer) RemoveEventHandler(handle cache.ResourceEventHandlerRegistration) error {
	if r, ok := handle.(registration); ok {
		handle = r.ResourceEventHandlerRegistration
	}
	return d.SharedIndexInformer.RemoveEventHandler(handle)
}

// registration is that of a handler of a dormant informer.
type registration struct {
	cache.ResourceEventHandlerRegistration
	informer *dormantInformer
}

// HasSynced implements cache.ResourceEventHandlerRegistration.
func (r registration) HasSynced() bool {
	return r.informer.synced() || r.ResourceEventHandlerRegistration.HasSynced()
}

// HasSyncedChecker implements cache.ResourceEventHandlerRegistration.
func (r registration) HasSyncedChecker() cache.DoneChecker {
	return r.informer.checker(r.ResourceEventHandlerRegistration.HasSyncedChecker())
}

// asleep is done.
type asleep struct{ cache.DoneChecker }

// Done implements cache.DoneChecker.
func (asleep) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}
