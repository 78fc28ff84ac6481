package server

import (
	"context"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
	extensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	extensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	extensions "k8s.io/apiextensions-apiserver/pkg/apiserver"
	extensionsoptions "k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	extensionsopenapi "k8s.io/apiextensions-apiserver/pkg/generated/openapi"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	genericapifilters "k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/registry/generic"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/util/notfoundhandler"
	"k8s.io/apiserver/pkg/util/proxy"
	"k8s.io/apiserver/pkg/util/webhook"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/gatehouse-k8s/gatehouse/pkg/customresources"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiextensions"
)

// extend returns what stands behind the built-in APIs: custom resources, unless
// their definitions are not served, and the 404 behind them. The server is nil
// without custom resources.
func (c *Config) extend() (genericapiserver.DelegationTarget, *customresources.Server, error) {
	g := c.Generic
	notFound := notfoundhandler.New(g.Serializer, genericapifilters.NoMuxAndDiscoveryIncompleteKey)
	if !c.serves(apiextensions.Definitions.GroupVersionResource()) {
		return genericapiserver.NewEmptyDelegateWithCustomHandler(notFound), nil, nil
	}
	server, err := customresources.New(customresources.Config{
		Client:            g.LoopbackClientConfig,
		RESTOptions:       c.stored.customResources,
		Admission:         g.AdmissionControl,
		Authorizer:        g.Authorization.Authorizer,
		Services:          serviceResolver{&c.objects},
		Credentials:       webhook.NewDefaultAuthenticationInfoResolverWrapper(nil, g.EgressSelector, g.LoopbackClientConfig, g.TracerProvider),
		Servers:           c.replicas(),
		RequestTimeout:    g.RequestTimeout,
		MinRequestTimeout: time.Duration(g.MinRequestTimeout) * time.Second,
		MaxBodyBytes:      g.MaxRequestBodyBytes,
		// The documents of the definitions have those of the metadata.
		MetaSchemas: map[string]*spec.Schema{},
		NotFound:    notFound,
	})
	if err != nil {
		return nil, nil, err
	}
	return genericapiserver.NewEmptyDelegateWithCustomHandler(server), server, nil
}

// replicas is how many servers share the storage, as far as a start can know:
// what the flag says, or at least two when an external etcd has leases of others,
// or does not answer.
func (c *Config) replicas() int {
	if c.Options.Embedded || c.Options.Servers > 1 {
		return c.Options.Servers
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaseTimeout)
	defer cancel()
	if others, err := c.bootstrapServices().OtherServers(ctx); others || err != nil {
		return 2
	}
	return 1
}

// leaseTimeout is how long a start waits for the leases of other servers.
const leaseTimeout = 5 * time.Second

// extensionTypes are the schemas of a group that is not in the server's Scheme.
func (c *Config) extensionTypes(scheme *runtime.Scheme) managedfields.TypeConverter {
	return c.schemas.typeConverter(scheme, extensionsopenapi.GetOpenAPIDefinitions)
}

// definitionStorage stores the definitions of custom resources as
// kube-apiserver does: as JSON, in the older version, which is smaller.
func definitionStorage(o genericoptions.EtcdOptions, c *genericapiserver.Config) generic.RESTOptionsGetter {
	old := extensionsv1beta1.SchemeGroupVersion
	o.StorageConfig.Codec = extensions.Codecs.LegacyCodec(old, extensionsv1.SchemeGroupVersion)
	o.StorageConfig.EncodeVersioner = runtime.NewMultiGroupVersioner(old, schema.GroupKind{Group: old.Group})
	return o.CreateRESTOptionsGetter(&genericoptions.SimpleStorageFactory{StorageConfig: o.StorageConfig}, c.ResourceTransformers)
}

func customResourceStorage(o genericoptions.EtcdOptions, c *genericapiserver.Config) generic.RESTOptionsGetter {
	return extensionsoptions.NewCRDRESTOptionsGetter(o, c.ResourceTransformers, c.StorageObjectCountTracker)
}

// serviceResolver finds the cluster addresses of services, for webhooks.
type serviceResolver struct{ objects *registry.Objects }

// ResolveEndpoint implements webhook.ServiceResolver.
func (s serviceResolver) ResolveEndpoint(namespace, name string, port int32) (*url.URL, error) {
	return proxy.ResolveCluster(serviceLister{objects: s.objects}, namespace, name, port)
}

// serviceLister and serviceGetter are as much of a lister as it takes to find
// one service.
type serviceLister struct {
	corelisters.ServiceLister
	objects *registry.Objects
}

type serviceGetter struct {
	corelisters.ServiceNamespaceLister
	objects   *registry.Objects
	namespace string
}

// Services implements listers.ServiceLister.
func (l serviceLister) Services(namespace string) corelisters.ServiceNamespaceLister {
	return serviceGetter{objects: l.objects, namespace: namespace}
}

// Get implements listers.ServiceNamespaceLister.
func (g serviceGetter) Get(name string) (*corev1.Service, error) {
	return registry.Get[*corev1.Service](context.Background(), g.objects, corev1.Resource("services"), g.namespace, name)
}
