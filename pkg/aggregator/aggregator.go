package aggregator

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	discoveryendpoint "k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/informers"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/transport"
	"k8s.io/component-base/tracing"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
	aggregatorlib "k8s.io/kube-aggregator/pkg/apiserver"
	"k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	apiregistrationinformers "k8s.io/kube-aggregator/pkg/client/informers/externalversions"
	listers "k8s.io/kube-aggregator/pkg/client/listers/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/controllers/autoregister"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// resync is the interval at which all APIServices are handled again without a
// change. It is kube-aggregator's.
const resync = 5 * time.Minute

// Config configures New.
type Config struct {
	// Client is the configuration of a client of this server that may do
	// everything.
	Client *restclient.Config
	// Objects are those of this server; APIServices are read from there.
	Objects *objects.Access
	// Informers provides services and endpoint slices. It is only asked for
	// those of the two resources for which Serves returns true.
	Informers informers.SharedInformerFactory
	Serves    func(schema.GroupVersionResource) bool
	// ClientCert is the certificate with which this server authenticates itself
	// to remote servers as a front proxy.
	ClientCert dynamiccertificates.CertKeyContentProvider
	// EndpointRouting makes the proxy connect to the endpoints of a service
	// instead of its cluster IP.
	EndpointRouting bool
	// RejectRedirects makes the proxy answer 502 when a remote server
	// redirects.
	RejectRedirects bool
	// Dial opens the connections to remote servers. If it is nil, they are
	// opened directly.
	Dial *transport.DialHolder
	// Serializer encodes discovery documents.
	Serializer runtime.NegotiatedSerializer
	// Tracer traces the proxied requests.
	Tracer tracing.TracerProvider
	// Peers adds what other servers on the same storage serve to the aggregated discovery
	// of this one. It may be nil.
	Peers *PeerDiscovery
}

// Aggregator proxies requests to remote servers and merges their discovery and
// OpenAPI documents with those of this server. Wrap and Install connect it with
// this server.
type Aggregator struct {
	config    Config
	client    clientset.Interface
	informers apiregistrationinformers.SharedInformerFactory
	lister    listers.APIServiceLister
	resolver  resolver
	register  registration
	specs     specs

	services services
	slices   endpointSlices

	// mu protects proxies. Requests read routes, a copy, without a lock.
	mu      sync.Mutex
	proxies map[string]*proxy
	routes  atomic.Pointer[map[string]*proxy]

	discovery aggregatorlib.DiscoveryAggregationController
	// merged is the aggregated discovery of all groups. The discovery
	// controller adds the remote groups to it.
	merged  discoveryendpoint.ResourceManager
	listing listing
	// apis answers GET /apis.
	apis http.Handler
	// completed reports whether the APIServices of all built-in group versions
	// have become available.
	completed func() bool
	// started is set when the discovery controller begins to read from the
	// remote servers.
	started *signals.Latch
}

// New returns an aggregator that does nothing until Install is called.
func New(c Config) (*Aggregator, error) {
	client, err := clientset.NewForConfig(c.Client)
	if err != nil {
		return nil, fmt.Errorf("aggregation: %w", err)
	}
	a := &Aggregator{
		config:    c,
		client:    client,
		informers: apiregistrationinformers.NewSharedInformerFactory(client, resync),
		proxies:   map[string]*proxy{},
		started:   signals.NewLatch(),
		completed: func() bool { return false },
	}
	a.routes.Store(&map[string]*proxy{})
	a.informers.InformerFor(&apiregistrationv1.APIService{}, func(clientset.Interface, time.Duration) cache.SharedIndexInformer {
		return objects.NewInformer(c.Objects, apiregistrationv1.SchemeGroupVersion.WithResource("apiservices"), objects.InformerOptions{Resync: resync})
	})
	apiServices := a.informers.Apiregistration().V1().APIServices()
	a.lister = apiServices.Lister()
	a.register.controller = autoregister.NewAutoRegisterController(apiServices, client.ApiregistrationV1())
	a.services = newServices(c, c.Serves(corev1.SchemeGroupVersion.WithResource("services")), &a.resolver.backends)
	a.slices = newEndpointSlices(c, c.Serves(discoveryv1.SchemeGroupVersion.WithResource("endpointslices")))
	return a, a.resolver.init(c, a.services, a.slices)
}

// AddAPIService implements aggregatorlib.APIHandlerManager. It is called for
// each APIService that is new or changed, and again after each resync.
func (a *Aggregator) AddAPIService(service *apiregistrationv1.APIService) error {
	a.listing.add(service.Name)
	if service.Spec.Service == nil {
		a.drop(service.Name)
		return nil
	}
	a.mu.Lock()
	p := a.proxies[service.Name]
	if p == nil {
		p = &proxy{aggregator: a}
		a.proxies[service.Name] = p
	}
	p.update(service)
	a.publishRoutes()
	a.mu.Unlock()

	documents := bounded(p.always(), maxDiscovery)
	if !a.started.IsSet() {
		a.addStale(service)
	}
	a.discovery.AddAPIService(service, documents)
	a.specs.update(service, p)
	return nil
}

// addStale adds a group version to aggregated discovery before its server has
// been asked for its resources, and marks it as stale. This way the start does
// not wait for remote servers.
func (a *Aggregator) addStale(service *apiregistrationv1.APIService) {
	gv := metav1.GroupVersion{Group: service.Spec.Group, Version: service.Spec.Version}
	merged := a.merged.WithSource(discoveryendpoint.AggregatorSource)
	merged.AddGroupVersion(gv.Group, apidiscoveryv2.APIVersionDiscovery{Version: gv.Version, Freshness: apidiscoveryv2.DiscoveryFreshnessStale})
	merged.SetGroupVersionPriority(gv, int(service.Spec.GroupPriorityMinimum), int(service.Spec.VersionPriority))
}

// RemoveAPIService implements aggregatorlib.APIHandlerManager.
func (a *Aggregator) RemoveAPIService(name string) {
	a.listing.remove(name)
	a.drop(name)
}

func (a *Aggregator) drop(name string) {
	a.mu.Lock()
	_, remote := a.proxies[name]
	delete(a.proxies, name)
	a.publishRoutes()
	a.mu.Unlock()
	if remote {
		a.discovery.RemoveAPIService(name)
		a.specs.remove(name)
	}
}

// publishRoutes replaces the routes that requests read. A key has the form
// "group/version", as in a path.
func (a *Aggregator) publishRoutes() {
	routes := make(map[string]*proxy, len(a.proxies))
	for name, p := range a.proxies {
		gv := helper.APIServiceNameToGroupVersion(name)
		routes[gv.Group+"/"+gv.Version] = p
	}
	a.routes.Store(&routes)
}
