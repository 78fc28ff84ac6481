package storage

import (
	"context"
	"fmt"
	"path"
	"sync"
	"time"

	"go.etcd.io/etcd/client/v3/kubernetes"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericfeatures "k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/registry/generic"
	apistorage "k8s.io/apiserver/pkg/storage"
	cacherstorage "k8s.io/apiserver/pkg/storage/cacher"
	"k8s.io/apiserver/pkg/storage/etcd3"
	"k8s.io/apiserver/pkg/storage/etcd3/metrics"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// Backend connects storage to an embedded etcd. It implements
// generic.RESTOptionsGetter on top of the one for an external etcd, which
// decides everything but the connection.
type Backend struct {
	etcd      *Etcd
	compactor etcd3.Compactor
	stop      func()
	options   generic.RESTOptionsGetter
	// uncached has the resources without a watch cache; nil means all.
	uncached map[schema.GroupResource]bool
	cache    bool
	prefix   string
}

// BackendConfig is what a Backend is made of.
type BackendConfig struct {
	Etcd *Etcd
	// Options decides codec, prefix, encryption and the like.
	Options generic.RESTOptionsGetter
	// WatchCache turns the watch cache on, but for the Uncached resources.
	WatchCache bool
	Uncached   map[schema.GroupResource]bool
	// CompactionInterval is the time between compactions; 0 turns them off.
	CompactionInterval time.Duration
	// Prefix is --etcd-prefix.
	Prefix string
}

var _ generic.RESTOptionsGetter = (*Backend)(nil)

// NewBackend starts the compaction; Close ends it.
func NewBackend(c BackendConfig) *Backend {
	b := &Backend{etcd: c.Etcd, options: c.Options, cache: c.WatchCache, uncached: c.Uncached, prefix: c.Prefix, stop: func() {}}
	if c.CompactionInterval > 0 {
		client := c.Etcd.Client()
		compactor := etcd3.NewCompactor(client.Client, c.CompactionInterval, clock.RealClock{}, nil)
		b.compactor = compactor
		b.stop = func() {
			compactor.Stop()
			_ = client.Close() // in process: there is no connection to lose
		}
	}
	return b
}

// Close stops the compaction. The storage of the resources is destroyed by
// its own DestroyFunc.
func (b *Backend) Close() { b.stop() }

// GetRESTOptions implements generic.RESTOptionsGetter.
func (b *Backend) GetRESTOptions(resource schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	options, err := b.options.GetRESTOptions(resource, example)
	if err != nil {
		return options, err
	}
	options.Decorator = b.RawStorage
	if b.cache && !b.uncached[resource] {
		options.Decorator = b.cachedStorage
	}
	return options, nil
}

// Over returns the same backend with other options, for other resources: all of
// them have a watch cache, unless the watch cache is off altogether.
func (b *Backend) Over(options generic.RESTOptionsGetter) generic.RESTOptionsGetter {
	over := *b
	over.options, over.uncached = options, nil
	return &over
}

// RawStorage implements generic.StorageDecorator without a watch cache.
func (b *Backend) RawStorage(c *storagebackend.ConfigForResource, resourcePrefix string, _ func(runtime.Object) (string, error),
	newFunc, newListFunc func() runtime.Object, _ apistorage.AttrFunc, _ apistorage.IndexerFuncs,
	_ *cache.Indexers) (apistorage.Interface, factory.DestroyFunc, error) {
	client := b.etcd.Client()
	client.KV = etcd3.NewETCDLatencyTracker(client.KV)

	transformer := c.Transformer
	if transformer == nil {
		transformer = identity.NewEncryptCheckTransformer()
	}
	versioner := apistorage.APIObjectVersioner{}
	decoder := etcd3.NewDefaultDecoder(c.Codec, versioner)
	unsafeDelete := features.Enabled(genericfeatures.AllowUnsafeMalformedObjectDeletion)
	if unsafeDelete {
		transformer = etcd3.WithCorruptObjErrorHandlingTransformer(transformer)
		decoder = etcd3.WithCorruptObjErrorHandlingDecoder(decoder)
	}
	store, err := etcd3.New(client, b.compactor, c.Codec, newFunc, newListFunc, c.Prefix, resourcePrefix, c.GroupResource,
		transformer, c.LeaseManagerConfig, decoder, versioner)
	if err != nil {
		return nil, nil, fmt.Errorf("etcd storage of %s: %w", c.GroupResource, err)
	}
	destroy := sync.OnceFunc(func() {
		store.Close()
		_ = client.Close() // in process: there is no connection to lose
	})
	if unsafeDelete {
		return etcd3.NewStoreWithUnsafeCorruptObjectDeletion(store, c.GroupResource), destroy, nil
	}
	return store, destroy, nil
}

// cachedStorage implements generic.StorageDecorator, with the watch cache in
// front of etcd.
func (b *Backend) cachedStorage(c *storagebackend.ConfigForResource, resourcePrefix string, keyFunc func(runtime.Object) (string, error),
	newFunc, newListFunc func() runtime.Object, attrs apistorage.AttrFunc, triggers apistorage.IndexerFuncs,
	indexers *cache.Indexers) (apistorage.Interface, factory.DestroyFunc, error) {
	raw, destroyRaw, err := b.RawStorage(c, resourcePrefix, keyFunc, newFunc, newListFunc, attrs, triggers, indexers)
	if err != nil {
		return nil, nil, err
	}
	cacher, err := cacherstorage.NewCacherFromConfig(cacherstorage.Config{
		Storage:             raw,
		Versioner:           apistorage.APIObjectVersioner{},
		GroupResource:       c.GroupResource,
		EventsHistoryWindow: c.EventsHistoryWindow,
		ResourcePrefix:      resourcePrefix,
		KeyFunc:             keyFunc,
		NewFunc:             newFunc,
		NewListFunc:         newListFunc,
		GetAttrsFunc:        attrs,
		IndexerFuncs:        triggers,
		Indexers:            indexers,
		Codec:               c.Codec,
	})
	if err != nil {
		destroyRaw()
		return nil, nil, fmt.Errorf("watch cache of %s: %w", c.GroupResource, err)
	}
	delegator := cacherstorage.NewCacheDelegator(cacher, raw)
	return delegator, sync.OnceFunc(func() {
		delegator.Stop()
		cacher.Stop()
		destroyRaw()
	}), nil
}

// Check returns a health check that reads from etcd.
func (b *Backend) Check(timeout time.Duration) func() error {
	client := b.etcd.Client()
	return func() error { return probe(client, b.prefix, timeout) }
}

func probe(client *kubernetes.Client, prefix string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if _, err := client.KV.Get(ctx, path.Join("/", prefix, "health")); err != nil {
		return fmt.Errorf("error getting data from etcd: %w", err)
	}
	return nil
}

// Monitors implements the getter of metrics.SetStorageMonitorGetter: the size
// of the database for the metrics.
func (b *Backend) Monitors() ([]metrics.Monitor, error) {
	return []metrics.Monitor{monitor{b.etcd}}, nil
}

type monitor struct{ etcd *Etcd }

func (m monitor) Monitor(context.Context) (metrics.StorageMetrics, error) {
	return metrics.StorageMetrics{Size: m.etcd.Size()}, nil
}

func (monitor) Close() error { return nil }
