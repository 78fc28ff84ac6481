package storage

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/registry/generic"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/etcd3/metrics"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	flowcontrolrequest "k8s.io/apiserver/pkg/util/flowcontrol/request"
	"k8s.io/client-go/tools/cache"
)

// countJitter is the library's: a count follows the last one after the period, or after up to
// 2.2 times of it.
const countJitter = 1.2

// counting counts the objects of a resource again and again, for the metrics and for the estimate of
// what a list costs. The library has a goroutine for each resource that does this; here a
// timer does.
type counting struct {
	resource schema.GroupResource
	period   time.Duration
	tracker  flowcontrolrequest.StorageObjectCountTracker
	objects  stats

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

// counted takes the counting over from the library.
func counted(resource schema.GroupResource, options *generic.RESTOptions) {
	period, make := options.CountMetricPollPeriod, options.Decorator
	if period <= 0 {
		return
	}
	options.CountMetricPollPeriod = 0
	tracker := options.StorageObjectCountTracker
	options.Decorator = func(c *storagebackend.ConfigForResource, prefix string, keyFunc func(runtime.Object) (string, error),
		newFunc, newListFunc func() runtime.Object, attrs apistorage.AttrFunc, triggers apistorage.IndexerFuncs, indexers *cache.Indexers,
	) (apistorage.Interface, factory.DestroyFunc, error) {
		s, destroy, err := make(c, prefix, keyFunc, newFunc, newListFunc, attrs, triggers, indexers)
		if err != nil {
			return nil, nil, err
		}
		one := &counting{resource: resource, period: period, tracker: tracker, objects: s}
		one.start()
		return s, sync.OnceFunc(func() {
			one.stop()
			destroy()
		}), nil
	}
}

func (c *counting) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = time.AfterFunc(0, c.count)
}

func (c *counting) count() {
	found, err := c.objects.Stats(context.Background())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	metrics.UpdateStoreStats(c.resource, found, err)
	if err == nil && c.tracker != nil {
		c.tracker.Set(c.resource.String(), found)
	}
	c.timer.Reset(wait.Jitter(c.period, countJitter))
}

// stop ends the counting, and removes the metrics.
func (c *counting) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	c.timer.Stop()
	metrics.DeleteStoreStats(c.resource)
}
