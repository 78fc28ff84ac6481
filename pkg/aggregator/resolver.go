package aggregator

import (
	"net/url"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"
	aggregatorlib "k8s.io/kube-aggregator/pkg/apiserver"
)

// resolver returns the address of a service. Backends that were registered in
// this process have precedence over services of the cluster.
type resolver struct {
	backends backends
	cluster  aggregatorlib.ServiceResolver
}

func (r *resolver) init(c Config, services services, slices endpointSlices) error {
	getter, err := apiserverproxy.NewEndpointSliceIndexerGetter(slices)
	if err != nil {
		return err
	}
	r.cluster = aggregatorlib.NewClusterIPServiceResolver(services.Lister())
	if c.EndpointRouting {
		r.cluster = aggregatorlib.NewEndpointServiceResolver(services.Lister(), getter)
	}
	if own, err := url.Parse(c.Client.Host); err == nil {
		r.cluster = aggregatorlib.NewLoopbackServiceResolver(r.cluster, own)
	}
	return nil
}

// Services finds the services of APIServices.
func (a *Aggregator) Services() aggregatorlib.ServiceResolver { return &a.resolver }

// ResolveEndpoint implements aggregatorlib.ServiceResolver.
func (r *resolver) ResolveEndpoint(namespace, name string, port int32) (*url.URL, error) {
	if own := r.backends.get(namespace, name); own != nil {
		return own, nil
	}
	return r.cluster.ResolveEndpoint(namespace, name, port)
}

// backends contains the URLs of servers that were registered in this process,
// by the name of the service in their APIServices.
type backends struct {
	mu   sync.RWMutex
	urls map[types.NamespacedName]url.URL
}

func (b *backends) get(namespace, name string) *url.URL {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if u, ok := b.urls[types.NamespacedName{Namespace: namespace, Name: name}]; ok {
		return &u // a copy, because callers modify the path
	}
	return nil
}

func (b *backends) set(name types.NamespacedName, to *url.URL) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if to == nil {
		delete(b.urls, name)
		return
	}
	if b.urls == nil {
		b.urls = map[types.NamespacedName]url.URL{}
	}
	b.urls[name] = *to
}

// SetBackend makes the proxy connect to the URL for all APIServices with this
// service. The service need not exist. A nil URL removes the backend. Only the
// scheme, which must be https, and the host of the URL are used.
func (a *Aggregator) SetBackend(service types.NamespacedName, to *url.URL) {
	a.resolver.backends.set(service, to)
}
