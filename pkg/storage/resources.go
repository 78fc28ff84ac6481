package storage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	extensionsoptions "k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/healthz"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	"k8s.io/apiserver/pkg/storage/etcd3/metrics"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Stored is the result of Apply.
type Stored struct {
	// RESTOptions returns the storage options of the built-in resources.
	RESTOptions generic.RESTOptionsGetter
	// CustomResources returns the storage options of custom resources.
	CustomResources generic.RESTOptionsGetter
	// Raw returns storage without a watch cache.
	Raw generic.StorageDecorator
	// Vacancy tells when a resource gets its first object; see [Backend.Vacancy]. It
	// is nil if the etcd is not this server's own.
	Vacancy func(context.Context, schema.GroupResource) context.Context
	// Stillness tells when a resource is written to for the first time; see
	// [Backend.Stillness]. It is nil if the etcd is not this server's own.
	Stillness func(schema.GroupResource) context.Context
	// Sow writes the first objects; see [Backend.Sow]. It is nil if the etcd is not new,
	// or not this server's own.
	Sow func(context.Context, []Seed) error
	// Servers checks the health of each etcd server.
	Servers []func(ctx context.Context) error
	// Close stops background work, such as compaction, and ends the connections to
	// key management services.
	Close func()
}

// Apply decides where and how each resource is stored, according to the flags
// and to the definitions of the groups. If etcd is nil, the resources are
// stored in the external etcd that the flags name. Apply also sets the
// RESTOptionsGetter of the configuration and adds the health checks of the
// storage.
func Apply(o genericoptions.EtcdOptions, etcd *Etcd, groups []registry.Group, c *genericapiserver.Config) (*Stored, error) {
	o.SkipHealthEndpoints = etcd != nil
	o.StorageConfig.StorageObjectCountTracker = c.StorageObjectCountTracker
	uncached, err := applyWatchCacheSizes(&o, groups)
	if err != nil {
		return nil, fmt.Errorf("--watch-cache-sizes: %w", err)
	}
	encryption, err := applyEncryption(o, c)
	if err != nil {
		return nil, err
	}
	if err := o.ApplyWithStorageFactoryTo(newFactory(o, groups, c), c); err != nil {
		encryption.close()
		return nil, err
	}
	c.RESTOptionsGetter = hubOptions{c.RESTOptionsGetter, codecs(groups), &fieldSets{}, newPieces()}
	custom := extensionsoptions.NewCRDRESTOptionsGetter(o, c.ResourceTransformers, c.StorageObjectCountTracker)
	if etcd == nil {
		encryption.addChecks(c)
		return &Stored{RESTOptions: c.RESTOptionsGetter, CustomResources: custom, Raw: generic.UndecoratedStorage,
			Servers: serverChecks(o.StorageConfig), Close: encryption.close}, nil
	}
	backend := NewBackend(BackendConfig{
		Etcd:               etcd,
		Options:            c.RESTOptionsGetter,
		WatchCache:         o.EnableWatchCache,
		Uncached:           uncached,
		CompactionInterval: o.StorageConfig.CompactionInterval,
		Prefix:             o.StorageConfig.Prefix,
	})
	c.RESTOptionsGetter = backend
	metrics.SetStorageMonitorGetter(backend.Monitors)
	check := backend.Check(o.StorageConfig.HealthcheckTimeout)
	c.AddHealthChecks(etcdCheck("etcd", backend, o.StorageConfig.HealthcheckTimeout))
	c.AddReadyzChecks(etcdCheck("etcd-readiness", backend, o.StorageConfig.ReadycheckTimeout))
	encryption.addChecks(c)
	stored := &Stored{RESTOptions: backend, Vacancy: backend.Vacancy, Stillness: backend.Stillness, CustomResources: backend.Over(custom), Raw: backend.RawStorage,
		Servers: []func(context.Context) error{func(context.Context) error { return check() }}, Close: func() { backend.Close(); encryption.close() }}
	if backend.IsNew() {
		stored.Sow = backend.Sow
	}
	return stored, nil
}

// applyWatchCacheSizes sets the size 0 for every resource whose definition
// disables the watch cache. It returns all resources without a watch cache,
// including those to which --watch-cache-sizes gives the size 0.
func applyWatchCacheSizes(o *genericoptions.EtcdOptions, groups []registry.Group) (map[schema.GroupResource]bool, error) {
	sizes, err := genericoptions.ParseWatchCacheSizes(o.WatchCacheSizes)
	if err != nil {
		return nil, err
	}
	each(groups, func(_ registry.Group, info registry.Info) {
		if gr := info.GVR.GroupResource(); !info.WatchCached {
			sizes[gr] = 0
		}
	})
	uncached := map[schema.GroupResource]bool{}
	for gr, size := range sizes {
		uncached[gr] = size == 0
	}
	o.WatchCacheSizes, err = genericoptions.WriteWatchCacheSizes(sizes)
	return uncached, err
}

// newFactory returns the storage factory, which knows the key prefix, the
// stored version and the encoding of each resource in etcd.
func newFactory(o genericoptions.EtcdOptions, groups []registry.Group, c *genericapiserver.Config) *serverstorage.DefaultStorageFactory {
	versions := encodings{
		serverstorage.NewDefaultResourceEncodingConfigForEffectiveVersion(apis.Scheme, c.EffectiveVersion), map[schema.GroupResource]string{},
	}
	prefixes := map[schema.GroupResource]string{}
	factory := serverstorage.NewDefaultStorageFactory(o.StorageConfig, o.DefaultStorageMediaType, apis.Codecs, versions, c.MergedResourceConfig, prefixes)
	each(groups, func(group registry.Group, info registry.Info) {
		gr := info.GVR.GroupResource()
		prefixes[gr] = info.Prefix
		if info.StorageVersion != "" {
			versions.chosen[gr] = info.StorageVersion
		}
		var mediaType string
		if info.StoredAsJSON {
			mediaType = runtime.ContentTypeJSON
		}
		var codecs runtime.StorageSerializer
		if group.Types != nil {
			codecs = group.Types.Codecs
		}
		if mediaType != "" || codecs != nil {
			factory.SetSerializer(gr, mediaType, codecs)
		}
	})
	return factory
}

// encodings extends the default encoding configuration: the definition of a
// resource can choose the version in which the resource is stored.
type encodings struct {
	*serverstorage.DefaultResourceEncodingConfig
	chosen map[schema.GroupResource]string
}

var _ serverstorage.CompatibilityResourceEncodingConfig = encodings{}

// StorageEncodingFor implements serverstorage.ResourceEncodingConfig.
func (e encodings) StorageEncodingFor(gr schema.GroupResource) (schema.GroupVersion, error) {
	if version, ok := e.chosen[gr]; ok {
		return schema.GroupVersion{Group: gr.Group, Version: version}, nil
	}
	return e.DefaultResourceEncodingConfig.StorageEncodingFor(gr)
}

// BackwardCompatibileStorageEncodingFor implements
// serverstorage.CompatibilityResourceEncodingConfig.
func (e encodings) BackwardCompatibileStorageEncodingFor(gr schema.GroupResource, example runtime.Object) (schema.GroupVersion, error) {
	if _, ok := e.chosen[gr]; ok {
		return e.StorageEncodingFor(gr)
	}
	return e.DefaultResourceEncodingConfig.BackwardCompatibileStorageEncodingFor(gr, example)
}

// InMemoryEncodingFor implements serverstorage.ResourceEncodingConfig. In
// memory, resources have their hub type.
func (e encodings) InMemoryEncodingFor(gr schema.GroupResource) (schema.GroupVersion, error) {
	return schema.GroupVersion{Group: gr.Group, Version: runtime.APIVersionInternal}, nil
}

// each calls a function for every resource that is stored. A resource that
// several groups serve is stored only in the group of its hub type.
func each(groups []registry.Group, f func(registry.Group, registry.Info)) {
	for _, group := range groups {
		for _, definition := range group.Resources {
			if info := definition.Info(); info.Stored && info.GVR.Group == group.Name {
				f(group, info)
			}
		}
	}
}

func etcdCheck(name string, backend *Backend, timeout time.Duration) healthz.HealthChecker {
	check := backend.Check(timeout)
	return healthz.NamedGroupedCheck(name, name, func(*http.Request) error { return check() })
}

// serverChecks returns a check for each server of an external etcd. A check
// connects anew, because it is rarely called.
func serverChecks(config storagebackend.Config) (checks []func(context.Context) error) {
	for _, server := range config.Transport.ServerList {
		one := config
		one.Transport.ServerList = []string{server}
		checks = append(checks, func(ctx context.Context) (err error) {
			ctx, cancel := context.WithTimeout(ctx, config.HealthcheckTimeout)
			defer cancel()
			prober, err := factory.CreateProber(one)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, prober.Close()) }()
			return prober.Probe(ctx)
		})
	}
	return checks
}
