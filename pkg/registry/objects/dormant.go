package objects

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// dormantInformer is an informer of a resource of which nothing may be written for
// long. Until the first write it has the objects in its store, has told its handlers of
// them, and sleeps: an informer that works has ten goroutines, and a buffer for each handler.
type dormantInformer struct {
	cache.SharedIndexInformer // works when something has been written
	begun                     *Begun
	// keep is the transformation of the objects with which it begins, or nil.
	keep   cache.TransformFunc
	resync time.Duration
	// stillness returns a context that ends before the first write, or nil if that is
	// not known. It is asked once, when the informer is to run.
	stillness func() context.Context
	// synced is set when the objects are in the store.
	synced *signals.Latch

	mu sync.Mutex
	// awake is the context in which the informer works, or nil while it sleeps.
	awake  context.Context
	filled bool
	asleep map[*registration]struct{}
	// telling are the calls of handlers while the informer sleeps.
	telling sync.WaitGroup
}

func newDormantInformer(informer cache.SharedIndexInformer, begun *Begun, resync time.Duration, stillness func() context.Context) *dormantInformer {
	return &dormantInformer{SharedIndexInformer: informer, begun: begun, resync: resync, stillness: stillness,
		synced: signals.NewLatch(), asleep: map[*registration]struct{}{}}
}

// Run implements cache.SharedInformer.
func (d *dormantInformer) Run(stop <-chan struct{}) { d.RunWithContext(wait.ContextForChannel(stop)) }

// RunWithContext implements cache.SharedInformer. While the informer sleeps, nothing runs:
// it returns at once, and the informer wakes and ends all the same.
func (d *dormantInformer) RunWithContext(ctx context.Context) {
	still := d.stillness()
	if still == nil || still.Err() != nil {
		d.work(ctx)
		return
	}
	if err := d.fill(ctx); err != nil {
		klog.FromContext(ctx).V(4).Info("The informer cannot sleep", "err", err)
		d.work(ctx)
		return
	}
	context.AfterFunc(ctx, d.begun.End)
	asleep, wake := context.WithCancel(ctx)
	d.resyncLater(asleep)
	forget := context.AfterFunc(still, func() {
		wake()
		d.work(ctx)
	})
	context.AfterFunc(ctx, func() { forget() })
}

// work is what the informer does from the first write on, until the context ends.
func (d *dormantInformer) work(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	d.wake(ctx)
	go func() {
		if signals.Wait(ctx, d.SharedIndexInformer.HasSyncedChecker().Done()) {
			d.synced.Set()
		}
	}()
	d.SharedIndexInformer.RunWithContext(ctx)
}

// resyncLater tells the handlers of all objects again after each period, until the
// context ends.
func (d *dormantInformer) resyncLater(ctx context.Context) {
	if d.resync == 0 {
		return
	}
	timer := time.AfterFunc(d.resync, func() {
		if ctx.Err() != nil {
			return
		}
		d.tellAll(func(handler cache.ResourceEventHandler, obj any) { handler.OnUpdate(obj, obj) })
		d.resyncLater(ctx)
	})
	context.AfterFunc(ctx, func() { timer.Stop() })
}

// fill puts the objects into the store, and tells the handlers of them.
func (d *dormantInformer) fill(ctx context.Context) error {
	list, version, err := d.begun.Begin(ctx)
	if err != nil {
		return err
	}
	all := make([]any, len(list))
	for i := range list {
		all[i] = list[i]
		if d.keep == nil {
			continue
		}
		if all[i], err = d.keep(list[i]); err != nil {
			d.begun.End()
			return err
		}
	}
	if err := d.GetIndexer().Replace(all, version); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.filled = true
	d.synced.Set()
	for r := range d.asleep {
		d.introduce(r)
	}
	return nil
}

// introduce tells a new handler of the objects. The caller has locked the informer.
func (d *dormantInformer) introduce(r *registration) {
	d.telling.Go(func() {
		for _, obj := range d.GetIndexer().List() {
			r.handler.OnAdd(obj, true)
		}
		r.synced.Set()
	})
}

// tellAll calls a function for each handler and each object.
func (d *dormantInformer) tellAll(tell func(handler cache.ResourceEventHandler, obj any)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for r := range d.asleep {
		d.telling.Go(func() {
			for _, obj := range d.GetIndexer().List() {
				tell(r.handler, obj)
			}
		})
	}
}

// wake hands the handlers over to the informer that works. They know the objects in
// the store: that informer tells them only of what is different.
func (d *dormantInformer) wake(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.telling.Wait()
	d.awake = ctx
	for r := range d.asleep {
		r.work(ctx)
	}
	clear(d.asleep)
}

// HasSynced implements cache.SharedInformer.
func (d *dormantInformer) HasSynced() bool { return d.synced.IsSet() }

// HasSyncedChecker implements cache.SharedInformer.
func (d *dormantInformer) HasSyncedChecker() cache.DoneChecker {
	return latched{d.synced, d.SharedIndexInformer.HasSyncedChecker().Name()}
}
