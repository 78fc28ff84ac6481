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

// storages makes the storage of custom resources, and knows what of it is open:
// the library's handler does not let others close it.
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

// destroy closes what is open, when the server ends.
func (s *storages) destroy() {
	s.mu.Lock()
	open := s.open
	s.open = map[int]factory.DestroyFunc{}
	s.mu.Unlock()
	for _, destroy := range open {
		destroy()
	}
}

// patience is how long the first reads of a new resource wait for its watch
// cache, which needs some milliseconds.
const patience = 3 * time.Second

// patient lets reads wait for a watch cache that has just been made, where the
// library answers 429.
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

// wait returns when the cache is ready, or when patience ends: the read itself
// says then what is wrong.
func (p patient) wait(ctx context.Context) {
	if p.ReadinessCheck() == nil {
		return
	}
	_ = wait.PollUntilContextTimeout(ctx, time.Millisecond, patience, true, func(context.Context) (bool, error) {
		return p.ReadinessCheck() == nil, nil
	})
}
