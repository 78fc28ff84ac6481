package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/healthz"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	"k8s.io/apiserver/pkg/storage/etcd3/metrics"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	storagefactory "k8s.io/apiserver/pkg/storage/storagebackend/factory"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiextensions"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
	"github.com/gatehouse-k8s/gatehouse/pkg/storage"
)

// startEtcd starts the embedded etcd, or returns nil when there is another,
// which has to answer.
func startEtcd(ctx context.Context, o options.Completed) (*storage.Etcd, error) {
	if !o.Embedded {
		return nil, reachEtcd(ctx, o.Etcd.StorageConfig)
	}
	return storage.StartEtcd(ctx, storage.EtcdConfig{
		Dir:       o.Data.Path("etcd"),
		NoSync:    o.Data.EtcdNoSync,
		ClientURL: o.Data.EtcdClientURL,
	})
}

// reachEtcd asks an external etcd once, so that a wrong address is reported as
// such and not by the storage of every single resource.
func reachEtcd(ctx context.Context, c storagebackend.Config) error {
	prober, err := storagefactory.CreateProber(c)
	if err == nil {
		defer prober.Close()
		err = prober.Probe(ctx)
	}
	if err != nil {
		return fmt.Errorf("--etcd-servers: no answer from %s: %w", strings.Join(c.Transport.ServerList, ", "), err)
	}
	return nil
}

// stored is how resources are stored beside those that are built in.
type stored struct {
	// backend is nil with an external etcd.
	backend *storage.Backend
	// customResources is for all of them.
	customResources generic.RESTOptionsGetter
}

// applyStorage decides where and how each resource is stored.
func applyStorage(o options.Completed, etcd *storage.Etcd, groups []registry.Group, c *genericapiserver.Config) (s stored, err error) {
	etcdOptions := *o.Etcd
	etcdOptions.SkipHealthEndpoints = o.Embedded
	etcdOptions.StorageConfig.StorageObjectCountTracker = c.StorageObjectCountTracker

	prefixes := map[schema.GroupResource]string{}
	uncached := map[schema.GroupResource]bool{}
	for _, group := range groups {
		for _, version := range group.Versions {
			for _, definition := range version.Resources {
				gr := definition.GroupVersionResource().GroupResource()
				prefixes[gr] = definition.ETCDPrefix()
				if !definition.WatchCached() {
					uncached[gr] = true
				}
			}
		}
	}
	sizes, err := genericoptions.ParseWatchCacheSizes(etcdOptions.WatchCacheSizes)
	if err != nil {
		return s, fmt.Errorf("--watch-cache-sizes: %w", err)
	}
	for gr, size := range sizes {
		uncached[gr] = size == 0
	}
	for gr := range uncached {
		sizes[gr] = 0
	}
	if etcdOptions.WatchCacheSizes, err = genericoptions.WriteWatchCacheSizes(sizes); err != nil {
		return s, fmt.Errorf("--watch-cache-sizes: %w", err)
	}

	factory := serverstorage.NewDefaultStorageFactory(etcdOptions.StorageConfig, etcdOptions.DefaultStorageMediaType, apis.Codecs,
		serverstorage.NewDefaultResourceEncodingConfigForEffectiveVersion(apis.Scheme, c.EffectiveVersion), c.MergedResourceConfig, prefixes)
	for _, alias := range cohabitants {
		factory.AddCohabitatingResources(alias...)
	}
	for _, resource := range storedAsJSON {
		factory.SetSerializer(resource, runtime.ContentTypeJSON, nil)
	}
	if err := etcdOptions.ApplyWithStorageFactoryTo(factory, c); err != nil {
		if etcdOptions.EncryptionProviderConfigFilepath != "" {
			err = fmt.Errorf("--encryption-provider-config: %w", err)
		}
		return s, err
	}
	c.RESTOptionsGetter = storage.ByGroup(storage.WithoutKinds(c.RESTOptionsGetter), map[string]generic.RESTOptionsGetter{
		apiextensions.Group.Name: definitionStorage(etcdOptions, c),
	})
	s.customResources = customResourceStorage(etcdOptions, c)
	if !o.Embedded {
		return s, nil
	}
	backend := storage.NewBackend(storage.BackendConfig{
		Etcd:               etcd,
		Options:            c.RESTOptionsGetter,
		WatchCache:         etcdOptions.EnableWatchCache,
		Uncached:           uncached,
		CompactionInterval: etcdOptions.StorageConfig.CompactionInterval,
		Prefix:             etcdOptions.StorageConfig.Prefix,
	})
	c.RESTOptionsGetter, s.customResources = backend, backend.Over(s.customResources)
	metrics.SetStorageMonitorGetter(backend.Monitors)
	c.AddHealthChecks(etcdCheck("etcd", backend, etcdOptions.StorageConfig.HealthcheckTimeout))
	c.AddReadyzChecks(etcdCheck("etcd-readiness", backend, etcdOptions.StorageConfig.ReadycheckTimeout))
	s.backend = backend
	return s, nil
}

// cohabitants are resources that are stored as one, the first's form.
var cohabitants = [][]schema.GroupResource{
	{{Resource: "events"}, {Group: "events.k8s.io", Resource: "events"}},
}

// storedAsJSON are the resources that kube-apiserver stores as JSON.
var storedAsJSON = []schema.GroupResource{{Group: "apiregistration.k8s.io", Resource: "apiservices"}}

func etcdCheck(name string, backend *storage.Backend, timeout time.Duration) healthz.HealthChecker {
	check := backend.Check(timeout)
	return healthz.NamedGroupedCheck(name, name, func(*http.Request) error { return check() })
}
