package server

import (
	"context"
	"net/http"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
	genericapifilters "k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/registry/generic"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/statusz"
	"k8s.io/apiserver/pkg/util/notfoundhandler"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	corelisters "k8s.io/client-go/listers/core/v1"
	zpagesfeatures "k8s.io/component-base/zpages/features"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/gatehouse-k8s/gatehouse/pkg/customresources"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiextensions"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/bootstrap"
)

// newCustomResources returns the handler of requests that no built-in API
// answers. This is the server of custom resources, which passes unknown paths
// on to a handler that answers 404. If definitions are not served, the returned
// server is nil and the target answers 404.
func newCustomResources(ctx context.Context, b *base, stored generic.RESTOptionsGetter, services bootstrap.Services,
) (genericapiserver.DelegationTarget, *customresources.Server, error) {
	g := b.generic
	notFound := notfoundhandler.New(g.Serializer, genericapifilters.NoMuxAndDiscoveryIncompleteKey)
	if !b.enabled.Serves(apiextensions.Definitions.Info().GVR) {
		return newDelegate(notFound), nil, nil
	}
	server, err := customresources.New(customresources.Config{
		Client:            g.LoopbackClientConfig,
		RESTOptions:       stored,
		Admission:         g.AdmissionControl,
		Authorizer:        g.Authorization.Authorizer,
		Services:          serviceResolver{b.objects},
		Credentials:       webhookutil.NewDefaultAuthenticationInfoResolverWrapper(nil, g.EgressSelector, g.LoopbackClientConfig, g.TracerProvider),
		Servers:           replicas(ctx, b, services),
		RequestTimeout:    g.RequestTimeout,
		MinRequestTimeout: time.Duration(g.MinRequestTimeout) * time.Second,
		MaxBodyBytes:      g.MaxRequestBodyBytes,
		// The OpenAPI document of each definition already contains the schemas
		// of object metadata.
		MetaSchemas: map[string]*spec.Schema{},
		NotFound:    notFound,
	})
	if err != nil {
		return nil, nil, err
	}
	return newDelegate(server), server, nil
}

// newDelegate returns the target of requests that the generic server does not
// answer itself.
func newDelegate(handler http.Handler) genericapiserver.DelegationTarget {
	return delegate{genericapiserver.NewEmptyDelegateWithCustomHandler(handler)}
}

// delegate lists /statusz, because the generic server lists its paths there
// before it adds that one. In kube-apiserver other servers of the chain have
// added it by then.
type delegate struct {
	genericapiserver.DelegationTarget
}

// ListedPaths implements genericapiserver.DelegationTarget.
func (delegate) ListedPaths() []string {
	if features.Enabled(zpagesfeatures.ComponentStatusz) {
		return []string{statusz.DefaultStatuszPath}
	}
	return nil
}

// replicas returns the number of servers that share the storage, as far as it
// can be known at the start. It is the value of --apiserver-count, or at least
// 2 if an external etcd contains the leases of other servers, or if the leases
// cannot be read.
func replicas(ctx context.Context, b *base, services bootstrap.Services) int {
	if b.options.Embedded || b.options.Servers > 1 {
		return b.options.Servers
	}
	ctx, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	if others, err := services.OtherServers(ctx); others || err != nil {
		return 2
	}
	return 1
}

// leaseTimeout limits the time for reading the leases of other servers.
const leaseTimeout = 5 * time.Second

// serviceResolver returns the cluster IPs of services, for webhooks.
type serviceResolver struct{ objects *objects.Access }

// ResolveEndpoint implements webhook.ServiceResolver.
func (s serviceResolver) ResolveEndpoint(namespace, name string, port int32) (*url.URL, error) {
	return apiserverproxy.ResolveCluster(serviceLister{objects: s.objects}, namespace, name, port)
}

// serviceLister and serviceGetter implement the part of a lister that is needed
// to get one service.
type serviceLister struct {
	corelisters.ServiceLister
	objects *objects.Access
}

type serviceGetter struct {
	corelisters.ServiceNamespaceLister
	objects   *objects.Access
	namespace string
}

// Services implements listers.ServiceLister.
func (l serviceLister) Services(namespace string) corelisters.ServiceNamespaceLister {
	return serviceGetter{objects: l.objects, namespace: namespace}
}

// Get implements listers.ServiceNamespaceLister.
func (g serviceGetter) Get(name string) (*corev1.Service, error) {
	return objects.Get[*corev1.Service](context.Background(), g.objects, corev1.Resource("services"), g.namespace, name)
}
