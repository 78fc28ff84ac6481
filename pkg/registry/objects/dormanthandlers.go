package objects

import (
	"context"
	"time"

	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// AddEventHandler implements cache.SharedInformer, as the two methods below do.
func (d *dormantInformer) AddEventHandler(handler cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	return d.AddEventHandlerWithOptions(handler, cache.HandlerOptions{})
}

// AddEventHandlerWithResyncPeriod implements cache.SharedInformer.
func (d *dormantInformer) AddEventHandlerWithResyncPeriod(handler cache.ResourceEventHandler,
	resync time.Duration) (cache.ResourceEventHandlerRegistration, error) {
	return d.AddEventHandlerWithOptions(handler, cache.HandlerOptions{ResyncPeriod: &resync})
}

// AddEventHandlerWithOptions implements cache.SharedInformer.
func (d *dormantInformer) AddEventHandlerWithOptions(handler cache.ResourceEventHandler,
	options cache.HandlerOptions) (cache.ResourceEventHandlerRegistration, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.SharedIndexInformer.HasSynced() {
		return d.SharedIndexInformer.AddEventHandlerWithOptions(handler, options)
	}
	r := &registration{informer: d, handler: handler, options: options, synced: signals.NewLatch()}
	switch {
	case d.awake != nil:
		go r.join(d.awake)
	case d.filled:
		d.asleep[r] = struct{}{}
		d.introduce(r)
	default:
		d.asleep[r] = struct{}{}
	}
	return r, nil
}

// RemoveEventHandler implements cache.SharedInformer.
func (d *dormantInformer) RemoveEventHandler(handle cache.ResourceEventHandlerRegistration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := handle.(*registration); ok {
		delete(d.asleep, r)
		r.removed = true
		if r.working == nil {
			return nil
		}
		handle = r.working
	}
	return d.SharedIndexInformer.RemoveEventHandler(handle)
}

// registration is that of a handler that was added before the informer worked.
type registration struct {
	informer *dormantInformer
	handler  cache.ResourceEventHandler
	options  cache.HandlerOptions
	// synced is set when the handler has been told of the first objects.
	synced *signals.Latch
	// working is the registration at the informer that works, or nil.
	working cache.ResourceEventHandlerRegistration
	removed bool
}

// work adds the handler to the informer that works. The caller has locked that which
// sleeps.
func (r *registration) work(ctx context.Context) {
	var err error
	if r.working, err = r.informer.SharedIndexInformer.AddEventHandlerWithOptions(r.handler, r.options); err != nil {
		klog.FromContext(ctx).Error(err, "Failed to hand over a handler of an informer")
		return
	}
	working := r.working.HasSyncedChecker().Done()
	go func() {
		if signals.Wait(ctx, working) {
			r.synced.Set()
		}
	}()
}

// join adds a handler that has come while the informer wakes up. The informer tells it of
// all objects only if it has synced: it begins with those in the store, of which it
// tells nobody.
func (r *registration) join(ctx context.Context) {
	d := r.informer
	if !signals.Wait(ctx, d.SharedIndexInformer.HasSyncedChecker().Done()) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !r.removed {
		r.work(ctx)
	}
}

// HasSynced implements cache.ResourceEventHandlerRegistration.
func (r *registration) HasSynced() bool { return r.synced.IsSet() }

// HasSyncedChecker implements cache.ResourceEventHandlerRegistration.
func (r *registration) HasSyncedChecker() cache.DoneChecker {
	return latched{r.synced, r.informer.HasSyncedChecker().Name()}
}

// latched is done when a latch is set.
type latched struct {
	*signals.Latch
	name string
}

// Name implements cache.DoneChecker.
func (l latched) Name() string { return l.name }
