package controllers

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// Loop moves the cluster towards its desired state, one key at a time. A key
// that is added several times before a worker takes it is handled once. A key
// is never handled by two workers at the same time.
type Loop struct {
	// Workers is the number of keys that are handled concurrently; 0 means 1.
	Workers int
	// Watches determine which keys are added to the queue, and when.
	Watches []Watch
	// First are keys that are handled at the start in any case, for example those of
	// periodic work.
	First []string
	// Events writes the events of the controller while the loop runs. It is nil if the
	// controller does not write events.
	Events *Events
	// Sync handles a key. After an error or a panic it is called again with
	// exponential backoff: after Retry at first, and at most after 1,000 s. Its
	// context ends when the loop is to stop.
	Sync func(ctx context.Context, key string) error
	// Retry is the time until the first retry; 0 means 5 ms.
	Retry time.Duration
	// Name is the name of the controller, for logs and the metrics of the
	// queue. NewCrew sets it.
	Name string

	// keys is the queue from the first key on; it has goroutines, and many controllers
	// of a test never have a key.
	keys  func() workqueue.TypedRateLimitingInterface[string]
	keyed *signals.Latch
}

// Add adds a key to the queue. It may be called only while the loop runs, for
// example by Sync.
func (l *Loop) Add(key string) { l.keys().Add(key) }

// AddAfter adds a key to the queue after a delay, for example because Sync has
// to wait until a certain time. It may be called only while the loop runs.
func (l *Loop) AddAfter(key string, after time.Duration) { l.keys().AddAfter(key, after) }

// Run waits until all watches have synced, and handles keys until the context
// ends. It returns when all workers have ended. It must be called only once.
func (l *Loop) Run(ctx context.Context) {
	ctx = klog.NewContext(ctx, klog.LoggerWithName(klog.FromContext(ctx), l.Name))
	l.keyed = signals.NewLatch()
	l.keys = sync.OnceValue(func() workqueue.TypedRateLimitingInterface[string] {
		queue := workqueue.NewTypedRateLimitingQueueWithConfig(l.limiter(), workqueue.TypedRateLimitingQueueConfig[string]{Name: l.Name})
		context.AfterFunc(ctx, queue.ShutDown) // it wakes the workers that wait for a key
		l.keyed.Set()
		return queue
	})
	if l.Events != nil {
		defer l.Events.start(ctx)()
	}
	var synced []<-chan struct{}
	for _, w := range l.Watches {
		done, stop, err := w.follow(ctx, l)
		if err != nil {
			klog.FromContext(ctx).Error(err, "Failed to start the controller")
			return
		}
		defer stop()
		synced = append(synced, done)
	}
	if !signals.Wait(ctx, synced...) {
		return
	}
	for _, key := range l.First {
		l.Add(key)
	}
	if signals.Wait(ctx, l.keyed.Done()) {
		l.work(ctx)
	}
}

// work handles keys until the queue or the context has ended; keys that are still in
// the queue are not handled then. While there are none, there are no workers.
func (l *Loop) work(ctx context.Context) {
	queue := l.keys()
	var workers errgroup.Group
	workers.SetLimit(max(l.Workers, 1))
	for {
		key, ended := queue.Get()
		if ended || ctx.Err() != nil {
			break
		}
		workers.Go(func() error {
			l.handle(ctx, key)
			return nil
		})
	}
	_ = workers.Wait() // there are no errors
}

// limiter returns the delays of retries.
func (l *Loop) limiter() workqueue.TypedRateLimiter[string] {
	if l.Retry == 0 {
		return workqueue.DefaultTypedControllerRateLimiter[string]()
	}
	return workqueue.NewTypedItemExponentialFailureRateLimiter[string](l.Retry, 1000*time.Second)
}

// handle handles a key, which comes back to the queue after an error.
func (l *Loop) handle(ctx context.Context, key string) {
	defer l.keys().Done(key)
	if ctx.Err() != nil {
		return
	}
	err := protect(func() error { return l.Sync(ctx, key) })
	if err == nil {
		l.keys().Forget(key)
		return
	}
	if ctx.Err() == nil {
		klog.FromContext(ctx).Error(err, "Sync failed, will retry", "key", key)
	}
	l.keys().AddRateLimited(key)
}

// protect converts a panic to an error.
func protect(f func() error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
		}
	}()
	return f()
}
