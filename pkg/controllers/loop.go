package controllers

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// Loop brings the state of a cluster to what it should be, key by key. A key
// that is added several times before a worker has taken it counts once, and no
// two workers have the same key at the same time.
type Loop struct {
	// Workers is how many keys are in work at the same time; 0 is 1.
	Workers int
	// Watches say which keys to look at, and when.
	Watches []Watch
	// Sync looks at a key and does what is to be done. After an error or a panic
	// it is called again: after 5 ms at first, then after twice as long each
	// time, up to 1,000 s. Its context ends when the loop is to stop.
	Sync func(ctx context.Context, key string) error

	// name is the controller's, for logs and the metrics of the queue.
	name  string
	queue workqueue.TypedRateLimitingInterface[string]
}

// Add makes the loop look at a key soon. It is for Sync and for what runs while
// the loop does.
func (l *Loop) Add(key string) { l.queue.Add(key) }

// AddAfter makes the loop look at a key, again, after a while: for a Sync that
// waits for a time to come. It is for Sync and for what runs while the loop
// does.
func (l *Loop) AddAfter(key string, after time.Duration) { l.queue.AddAfter(key, after) }

// Run works until the context ends, and returns when all workers have ended. It
// begins when all watches have synced, and must be called only once.
func (l *Loop) Run(ctx context.Context) {
	ctx = klog.NewContext(ctx, klog.LoggerWithName(klog.FromContext(ctx), l.name))
	l.queue = workqueue.NewTypedRateLimitingQueueWithConfig(workqueue.DefaultTypedControllerRateLimiter[string](),
		workqueue.TypedRateLimitingQueueConfig[string]{Name: l.name})
	defer l.queue.ShutDown()
	var synced []<-chan struct{}
	for _, w := range l.Watches {
		done, stop, err := w.follow(ctx, l)
		if err != nil {
			klog.FromContext(ctx).Error(err, "The controller does not run")
			return
		}
		defer stop()
		synced = append(synced, done)
	}
	if !signals.Wait(ctx, synced...) {
		return
	}
	// A worker that waits for a key notices the end of the queue.
	defer context.AfterFunc(ctx, l.queue.ShutDown)()
	var workers sync.WaitGroup
	for range max(l.Workers, 1) {
		workers.Go(func() {
			for l.next(ctx) {
			}
		})
	}
	workers.Wait()
}

// next waits for a key and works on it. It reports false when there is nothing
// left to do: keys that are still in the queue when the context ends stay there.
func (l *Loop) next(ctx context.Context) bool {
	key, ended := l.queue.Get()
	if ended {
		return false
	}
	defer l.queue.Done(key)
	if ctx.Err() != nil {
		return false
	}
	err := protect(func() error { return l.Sync(ctx, key) })
	if err == nil {
		l.queue.Forget(key)
		return true
	}
	if ctx.Err() == nil {
		klog.FromContext(ctx).Error(err, "Sync failed; trying again", "key", key)
	}
	l.queue.AddRateLimited(key)
	return true
}

// protect makes an error of a panic.
func protect(f func() error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
		}
	}()
	return f()
}
