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

// Backend stores resources in an embedded etcd. It implements
// generic.RESTOptionsGetter: it takes the options of another getter and
// replaces only the decorator, so that storage uses the in-process client
// instead of a network connection.
type Backend struct {
	etcd      *Etcd
	compactor etcd3.Compactor
	stop      func()
	options   generic.RESTOptionsGetter
	// uncached is the set of resources that have no watch cache. A nil map
	// means that every resource has one.
	uncached map[schema.GroupResource]bool
	cache    bool
	prefix   string
	// occupancies is nil if others may write to the etcd.
	occupancies *occupancies
}

// BackendConfig configures NewBackend.
type BackendConfig struct {
	Etcd *Etcd
	// Options returns everything about the storage of a resource except the
	// connection: codec, key prefix, encryption at rest.
	Options generic.RESTOptionsGetter
	// WatchCache enables the watch cache for all resources except Uncached.
	WatchCache bool
	Uncached   map[schema.GroupResource]bool
	// CompactionInterval is the time between two compactions; 0 disables
	// compaction.
	CompactionInterval time.Duration
	// Prefix is the value of --etcd-prefix; the health check reads a key under
	// it.
	Prefix string
}

var _ generic.RESTOptionsGetter = (*Backend)(nil)

// NewBackend returns a backend and starts compaction, which runs until Close.
func NewBackend(c BackendConfig) *Backend {
	b := &Backend{etcd: c.Etcd, options: c.Options, cache: c.WatchCache, uncached: c.Uncached, prefix: c.Prefix, stop: func() {}}
	if !c.Etcd.Shared() {
		b.occupancies = newOccupancies()
	}
	if c.CompactionInterval > 0 {
		client := c.Etcd.Client()
		compactor := etcd3.NewCompactor(client.Client, c.CompactionInterval, clock.RealClock{}, nil)
		b.compactor = compactor
		b.stop = func() {
			compactor.Stop()
			_ = client.Close() // closing an in-process client cannot fail in a way that matters
		}
	}
	return b
}

// Close stops compaction. It does not close the storage of the resources: the
// DestroyFunc of each storage does that.
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
	counted(resource, &options)
	return options, nil
}

// Over returns a getter for other resources on the same etcd, such as custom
// resources, which have their own options. All of these resources have a watch
// cache, unless the watch cache is disabled altogether.
func (b *Backend) Over(options generic.RESTOptionsGetter) generic.RESTOptionsGetter {
	over := *b
	over.options, over.uncached = options, nil
	return &over
}

// RawStorage implements generic.StorageDecorator. It returns storage that reads
// from etcd directly, without a watch cache.
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
		_ = client.Close() // closing an in-process client cannot fail in a way that matters
	})
	if unsafeDelete {
		return etcd3.NewStoreWithUnsafeCorruptObjectDeletion(store, c.GroupResource), destroy, nil
	}
	return store, destroy, nil
}

// cachedStorage implements generic.StorageDecorator. It returns the same
// storage as RawStorage with a watch cache in front of it.
func (b *Backend) cachedStorage(c *storagebackend.ConfigForResource, resourcePrefix string, keyFunc func(runtime.Object) (string, error),
	newFunc, newListFunc func() runtime.Object, attrs apistorage.AttrFunc, triggers apistorage.IndexerFuncs,
	indexers *cache.Indexers) (apistorage.Interface, factory.DestroyFunc, error) {
	raw, destroyRaw, err := b.RawStorage(c, resourcePrefix, keyFunc, newFunc, newListFunc, attrs, triggers, indexers)
	if err != nil {
		return nil, nil, err
	}
	lazy := &lazyCache{Interface: raw, resource: c.GroupResource, newFunc: newFunc, newListFunc: newListFunc, since: &b.etcd.since}
	if b.occupancies != nil {
		lazy.occupancy = b.occupancies.of(c.GroupResource)
		lazy.occupancy.storedBy(raw)
	}
	lazy.build = func() (*cacherstorage.Cacher, *cacherstorage.CacheDelegator, error) {
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
			return nil, nil, fmt.Errorf("watch cache of %s: %w", c.GroupResource, err)
		}
		return cacher, cacherstorage.NewCacheDelegator(cacher, raw), nil
	}
	if c.Transformer != nil {
		lazy.fillAtOnce()
	}
	return lazy, sync.OnceFunc(func() {
		lazy.stop()
		destroyRaw()
	}), nil
}

// Vacancy returns a context that ends when a resource may have objects, which is
// before the first one is created. The resource must be one of this server, or a
// custom resource. The context is nil if that is not known, because others may write to
// the etcd or because etcd does not answer.
func (b *Backend) Vacancy(ctx context.Context, resource schema.GroupResource) context.Context {
	if b.occupancies == nil || !b.cache || b.uncached[resource] {
		return nil
	}
	o := b.occupancies.of(resource)
	if err := o.lookUp(ctx, counter{b.etcd.Client(), path.Join("/", b.prefix, resource.Group, resource.Resource) + "/"}); err != nil {
		return nil
	}
	return o.vacancy
}

// Stillness returns a context that ends before the first write of an object of a resource
// since the start, or nil if nobody knows of all writes. The resource must be one of
// this server, or a custom resource.
func (b *Backend) Stillness(resource schema.GroupResource) context.Context {
	if b.occupancies == nil || !b.cache || b.uncached[resource] {
		return nil
	}
	return b.occupancies.of(resource).stillness
}

// counter counts the objects of a custom resource, whose storage is made by the
// first request for it.
type counter struct {
	client *kubernetes.Client
	prefix string
}

// Stats returns the number of objects.
func (c counter) Stats(ctx context.Context) (apistorage.Stats, error) {
	count, err := c.client.Count(ctx, c.prefix, kubernetes.CountOptions{})
	return apistorage.Stats{ObjectCount: count}, err
}

// Check returns a health check that reads one key from etcd within the timeout.
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

// Monitors has the signature that metrics.SetStorageMonitorGetter expects. The
// monitor reports the size of the database.
func (b *Backend) Monitors() ([]metrics.Monitor, error) {
	return []metrics.Monitor{monitor{b.etcd}}, nil
}

type monitor struct{ etcd *Etcd }

func (m monitor) Monitor(context.Context) (metrics.StorageMetrics, error) {
	return metrics.StorageMetrics{Size: m.etcd.Size()}, nil
}

func (monitor) Close() error { return nil }
