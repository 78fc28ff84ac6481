package server

import (
	"context"
	"net/http"
	"time"

	genericapifilters "k8s.io/apiserver/pkg/endpoints/filters"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/statusz"
	"k8s.io/apiserver/pkg/util/notfoundhandler"
	zpagesfeatures "k8s.io/component-base/zpages/features"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/gatehouse-k8s/gatehouse/pkg/customresources"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiextensions"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/bootstrap"
)

// newCustomResources returns the handler of requests that no built-in API
// answers. This is the server of custom resources, which passes unknown paths
// on to a handler that answers 404. If definitions are not served, the returned
// server is nil and the target answers 404.
func newCustomResources(ctx context.Context, b *base, p *parts,
) (genericapiserver.DelegationTarget, *customresources.Server, error) {
	g := b.generic
	notFound := notfoundhandler.New(g.Serializer, genericapifilters.NoMuxAndDiscoveryIncompleteKey)
	if !b.enabled.Serves(apiextensions.Definitions.Info().GVR) {
		return newDelegate(notFound), nil, nil
	}
	server, err := customresources.New(customresources.Config{
		Client:            g.LoopbackClientConfig,
		Objects:           b.objects,
		RESTOptions:       p.stored.CustomResources,
		Admission:         g.AdmissionControl,
		Authorizer:        g.Authorization.Authorizer,
		Services:          webhookServices(b, p.aggregator),
		Credentials:       webhookCredentials(b),
		Servers:           replicas(ctx, b, p.services),
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
