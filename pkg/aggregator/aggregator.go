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
	"k8s.io/client-go/transport"
	"k8s.io/component-base/tracing"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
	aggregatorlib "k8s.io/kube-aggregator/pkg/apiserver"
	"k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	apiregistrationinformers "k8s.io/kube-aggregator/pkg/client/informers/externalversions"
	listers "k8s.io/kube-aggregator/pkg/client/listers/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/controllers/autoregister"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// resync is the library's: how often APIServices are looked at without a change.
const resync = 5 * time.Minute

// Config is what an Aggregator needs.
type Config struct {
	// Client is the configuration of a client of this server with all rights.
	Client *restclient.Config
	// Informers has the services and endpoint slices, as far as Serves reports
	// that they are served.
	Informers informers.SharedInformerFactory
	Serves    func(schema.GroupVersionResource) bool
	// ClientCert is this server's as a front proxy.
	ClientCert dynamiccertificates.CertKeyContentProvider
	// EndpointRouting connects to the endpoints of services instead of their
	// cluster IPs.
	EndpointRouting bool
	// RejectRedirects answers 502 when a server redirects.
	RejectRedirects bool
	// Dial opens the connections; nil is the usual way.
	Dial *transport.DialHolder
	// Serializer encodes discovery.
	Serializer runtime.NegotiatedSerializer
	// Tracer traces the proxied requests.
	Tracer tracing.TracerProvider
}

// Aggregator proxies requests and merges documents. Wrap and Install connect it
// with the server.
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

	// mu is held while proxies change; routes is what requests read.
	mu      sync.Mutex
	proxies map[string]*proxy
	routes  atomic.Pointer[map[string]*proxy]

	discovery aggregatorlib.DiscoveryAggregationController
	// merged is the discovery of all groups, to which discovery adds.
	merged  discoveryendpoint.ResourceManager
	listing listing
	// apis answers /apis.
	apis http.Handler
	// completed reports that all APIServices are there.
	completed func() bool
	// started is set when discovery has begun to ask the remote servers.
	started *signals.Latch
}

// New makes an aggregator that does nothing until Install.
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
	apiServices := a.informers.Apiregistration().V1().APIServices()
	a.lister = apiServices.Lister()
	a.register.controller = autoregister.NewAutoRegisterController(apiServices, client.ApiregistrationV1())
	a.services = newServices(c, c.Serves(corev1.SchemeGroupVersion.WithResource("services")), &a.resolver.backends)
	a.slices = newEndpointSlices(c, c.Serves(discoveryv1.SchemeGroupVersion.WithResource("endpointslices")))
	return a, a.resolver.init(c, a.services, a.slices)
}

// AddAPIService implements aggregatorlib.APIHandlerManager: it is called for
// every APIService, new, changed or just looked at again.
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

// addStale shows a group version in discovery whose server was not asked yet,
// so that a start does not wait for it.
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

// publishRoutes shows the proxies to requests, by group and version as in a path.
func (a *Aggregator) publishRoutes() {
	routes := make(map[string]*proxy, len(a.proxies))
	for name, p := range a.proxies {
		gv := helper.APIServiceNameToGroupVersion(name)
		routes[gv.Group+"/"+gv.Version] = p
	}
	a.routes.Store(&routes)
}
