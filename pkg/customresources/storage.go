package customresources

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/registry/generic"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
)

// storages creates the storage of custom resources and keeps track of the
// storages that are open. The handler of the library offers no way to close
// them when the server stops.
type storages struct {
	options generic.RESTOptionsGetter

	mu   sync.Mutex
	next int
	open map[int]factory.DestroyFunc
}

func newStorages(options generic.RESTOptionsGetter) *storages {
	return &storages{options: options, open: map[int]factory.DestroyFunc{}}
}

// GetRESTOptions implements generic.RESTOptionsGetter.
func (s *storages) GetRESTOptions(resource schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	options, err := s.options.GetRESTOptions(resource, example)
	if err != nil {
		return options, err
	}
	decorator := options.Decorator
	options.Decorator = func(config *storagebackend.ConfigForResource, prefix string, keyFunc func(runtime.Object) (string, error),
		newFunc, newListFunc func() runtime.Object, attrs apistorage.AttrFunc, triggers apistorage.IndexerFuncs,
		indexers *cache.Indexers) (apistorage.Interface, factory.DestroyFunc, error) {
		store, destroy, err := decorator(config, prefix, keyFunc, newFunc, newListFunc, attrs, triggers, indexers)
		if err != nil {
			return nil, nil, err
		}
		return patient{store}, s.track(destroy), nil
	}
	return options, nil
}

func (s *storages) track(destroy factory.DestroyFunc) factory.DestroyFunc {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	id := s.next
	s.open[id] = destroy
	return func() {
		s.mu.Lock()
		delete(s.open, id)
		s.mu.Unlock()
		destroy()
	}
}

// destroy closes all open storages. It is called when the server stops.
func (s *storages) destroy() {
	s.mu.Lock()
	open := s.open
	s.open = map[int]factory.DestroyFunc{}
	s.mu.Unlock()
	for _, destroy := range open {
		destroy()
	}
}

// patience is the longest time that a read waits until the watch cache of a new
// resource is ready. Normally this takes some milliseconds.
const patience = 3 * time.Second

// patient makes reads wait until a new watch cache is ready. The library would
// answer 429.
type patient struct{ apistorage.Interface }

// GetList implements storage.Interface.
func (p patient) GetList(ctx context.Context, key string, options apistorage.ListOptions, list runtime.Object) error {
	p.wait(ctx)
	return p.Interface.GetList(ctx, key, options, list)
}

// Watch implements storage.Interface.
func (p patient) Watch(ctx context.Context, key string, options apistorage.ListOptions) (watch.Interface, error) {
	p.wait(ctx)
	return p.Interface.Watch(ctx, key, options)
}

// wait returns when the watch cache is ready or patience has passed. It returns
// no error: the read that follows reports why the cache is not ready.
func (p patient) wait(ctx context.Context) {
	if p.ReadinessCheck() == nil {
		return
	}
	_ = wait.PollUntilContextTimeout(ctx, time.Millisecond, patience, true, func(context.Context) (bool, error) {
		return p.ReadinessCheck() == nil, nil
	})
}
