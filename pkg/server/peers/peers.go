// Package peers lets API servers of different versions that share a storage forward
// requests to each other: a server that does not serve a resource passes the request on
// to one that does (KEP-4020, feature gate UnknownVersionInteroperabilityProxy). The proxy and
// its caches are those of k8s.io/apiserver.
package peers

import (
	"context"
	"errors"
	"net/http"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/reconcilers"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/util/peerproxy"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/transport"

	"github.com/gatehouse-k8s/gatehouse/pkg/server/serverleases"
)

// identitySelector selects the leases of API servers.
const identitySelector = "apiserver.kubernetes.io/identity=kube-apiserver"

// retryInterval is the time between two attempts to read the server's own discovery.
const retryInterval = 50 * time.Millisecond

// Config configures New.
type Config struct {
	// ServerID is the name of the server's identity lease.
	ServerID string
	// Address is the host and port at which other servers reach this one.
	Address string
	// Store stores the addresses of all servers.
	Store *serverleases.Store
	// Client is a client of this server that may do everything. ClientConfig is its
	// configuration.
	Client       kubernetes.Interface
	ClientConfig *restclient.Config
	// Serializer encodes errors.
	Serializer runtime.NegotiatedSerializer
	// CAFile verifies the other servers. If it is empty, nothing is forwarded to them.
	CAFile string
	// CertFile and KeyFile authenticate this server to others as a front proxy.
	CertFile, KeyFile string
}

// Peers announces this server to others and, with a CA, forwards requests to them.
type Peers struct {
	config Config
	leases *leases
	// proxy is nil if nothing is forwarded.
	proxy  peerproxy.Interface
	others informers.SharedInformerFactory
}

// New returns Peers, which begin with the hooks that AddHooks adds. Errors are worded as in kube-apiserver.
func New(c Config) (*Peers, error) {
	p := &Peers{config: c, leases: &leases{store: c.Store}}
	if c.CAFile == "" {
		return p, nil
	}
	if c.CertFile == "" {
		return nil, errors.New("error building peer proxy handler, proxy-cert-file not specified")
	}
	if c.KeyFile == "" {
		return nil, errors.New("error building peer proxy handler, proxy-key-file not specified")
	}
	p.others = informers.NewSharedInformerFactoryWithOptions(c.Client, 0, informers.WithNamespace(metav1.NamespaceSystem),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = identitySelector }))
	proxy, err := peerproxy.NewPeerProxyHandler(c.ServerID, identitySelector, p.others.Coordination().V1().Leases(), p.leases, c.Serializer, c.ClientConfig,
		&transport.Config{TLS: transport.TLSConfig{CAFile: c.CAFile, CertFile: c.CertFile, KeyFile: c.KeyFile, ServerName: serverName}})
	if err != nil {
		return nil, err
	}
	p.proxy = proxy
	return p, nil
}

// serverName is the name for which the certificates of API servers are valid, whatever their
// addresses are.
const serverName = "kubernetes.default.svc"

// Forwards reports whether requests are forwarded.
func (p *Peers) Forwards() bool { return p.proxy != nil }

// Wrap returns a handler that forwards requests for resources that only another server serves.
func (p *Peers) Wrap(handler http.Handler) http.Handler {
	if p.proxy == nil {
		return handler
	}
	return p.proxy.WrapHandler(handler)
}

// GetPeerResources returns the discovery of the other servers, by their IDs.
func (p *Peers) GetPeerResources() map[string][]apidiscoveryv2.APIGroupDiscovery {
	return p.proxy.GetPeerResources()
}

// OnChange sets the function that is called when GetPeerResources has changed.
func (p *Peers) OnChange(changed func()) { p.proxy.RegisterCacheInvalidationCallback(changed) }

// LeaveOut leaves out of the others' discovery what is not built in, because this server knows it better:
// the group versions of custom resources and of aggregated servers. Each informer may be nil.
func (p *Peers) LeaveOut(definitions, apiServices cache.SharedIndexInformer) error {
	if p.proxy == nil {
		return nil
	}
	if definitions != nil {
		if err := p.proxy.RegisterCRDInformerHandlers(definitions, definedVersions); err != nil {
			return err
		}
	}
	if apiServices == nil {
		return nil
	}
	return p.proxy.RegisterAPIServiceInformerHandlers(apiServices, aggregatedVersions)
}

// AddHooks adds the hooks of kube-apiserver.
func (p *Peers) AddHooks(server *genericapiserver.GenericAPIServer) error {
	const reconciler = "peer-endpoint-reconciler-controller"
	controller := reconcilers.New(p.config.ServerID, p.config.Address, p.leases, serverleases.RenewInterval, p.config.Client)
	err := server.AddPostStartHook(reconciler, func(hook genericapiserver.PostStartHookContext) error {
		controller.Start(hook.Done())
		return nil
	})
	if err != nil {
		return err
	}
	if err := server.AddPreShutdownHook(reconciler, func() error { controller.Stop(); return nil }); err != nil || p.proxy == nil {
		return err
	}
	for _, hook := range []struct {
		name string
		run  func(ctx context.Context) error
	}{
		{"mixed-version-proxy-handler", func(ctx context.Context) error {
			p.others.StartWithContext(ctx)
			return p.proxy.WaitForCacheSync(ctx.Done())
		}},
		{"local-discovery-cache-sync", p.readOwn},
		{"peer-discovery-workers", func(ctx context.Context) error {
			go p.proxy.RunPeerDiscoveryCacheSync(ctx, 1)
			go p.proxy.RunPeerDiscoveryActiveGVTracker(ctx)
			go p.proxy.RunPeerDiscoveryRefilter(ctx)
			return nil
		}},
	} {
		err := server.AddPostStartHook(hook.name, func(c genericapiserver.PostStartHookContext) error {
			if err := hook.run(c); err != nil && c.Err() == nil {
				return err
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readOwn reads the server's own discovery, which may not be complete yet.
func (p *Peers) readOwn(ctx context.Context) error {
	return wait.PollUntilContextCancel(ctx, retryInterval, true, func(context.Context) (bool, error) {
		err := p.proxy.RunLocalDiscoveryCacheSync(ctx.Done())
		if err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Reading the discovery of this server, will retry")
		}
		return err == nil, nil
	})
}

// Annotate adds the address to the server's identity lease.
func (p *Peers) Annotate(lease metav1.Object) {
	annotations := lease.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[corev1.AnnotationPeerAdvertiseAddress] = p.config.Address
	lease.SetAnnotations(annotations)
}
