package aggregator

import (
	"net/url"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"
	aggregatorlib "k8s.io/kube-aggregator/pkg/apiserver"
)

// resolver finds the address of a service: of those of this process first.
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

// ResolveEndpoint implements aggregatorlib.ServiceResolver.
func (r *resolver) ResolveEndpoint(namespace, name string, port int32) (*url.URL, error) {
	if own := r.backends.get(namespace, name); own != nil {
		return own, nil
	}
	return r.cluster.ResolveEndpoint(namespace, name, port)
}

// backends are the servers that were registered by URL, in this process, by the
// name of the service that their APIServices have.
type backends struct {
	mu   sync.RWMutex
	urls map[types.NamespacedName]url.URL
}

func (b *backends) get(namespace, name string) *url.URL {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if u, ok := b.urls[types.NamespacedName{Namespace: namespace, Name: name}]; ok {
		return &u // callers add a path to it
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

// SetBackend lets APIServices with this service reach a server at the URL,
// whether the service exists or not. A nil URL ends that. Only scheme https and
// the host of the URL count.
func (a *Aggregator) SetBackend(service types.NamespacedName, to *url.URL) {
	a.resolver.backends.set(service, to)
}
