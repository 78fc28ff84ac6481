package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/sets"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericfilters "k8s.io/apiserver/pkg/server/filters"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission/inforce"
	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/openapi"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/install"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/bodies"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/loopback"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/peers"
	"github.com/gatehouse-k8s/gatehouse/pkg/storage"
	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// informerResync is kube-apiserver's interval.
const informerResync = 10 * time.Minute

// watchGracePeriod is how long watches may go on when the server stops and the
// flag is 0. With 0, the library would not end them at all, and a server with open
// watches would stop only after --request-timeout.
const watchGracePeriod = 50 * time.Millisecond

// base contains what all steps of the assembly use: what open has opened. Each
// step takes base and its other inputs as parameters and returns what it
// creates. Only generic is modified by several steps, because the options of
// k8s.io/apiserver write to it.
type base struct {
	options options.Completed
	generic *genericapiserver.Config
	// keys are the certificates and keys of this server. It is nil if the server has
	// no data directory.
	keys *pki.PKI
	// connections are those of the port.
	connections *connections
	// etcd is nil if the server uses an external etcd.
	etcd *storage.Etcd
	// itself is the transport of the client, and overTLS a configuration of a client that
	// connects to the port, for webhooks whose service is this server.
	itself  *loopback.Transport
	overTLS *restclient.Config
	// client may do everything; informers uses it.
	client    kubernetes.Interface
	informers *ownInformers
	// kubelets are the connections to kubelets and pods.
	kubelets *kubelet.Connections
	// objects reads from the storage of the resources. It can be used as soon
	// as that storage exists.
	objects *objects.Access
	// documents are the OpenAPI documents and the schemas of the built-in types.
	documents *openapi.Documents
	// inForce knows which configurations of admission are in force.
	inForce inforce.Tracker
	// enabled knows which groups, versions and resources are served.
	enabled install.Enabled
	life    *lifetime
	// clock tells when certificates have to be renewed.
	clock clock.WithTicker
}

// open opens the data directory, the embedded etcd and the port. The lifetime
// closes them, even if open returns an error.
func open(ctx context.Context, o options.Completed, life *lifetime) (*base, error) {
	b := &base{options: o, generic: genericapiserver.NewConfig(apis.Codecs), objects: &objects.Access{}, life: life, clock: clock.RealClock{}}
	if !o.NoData {
		lock, err := lockDataDir(o.Data)
		if err != nil {
			return nil, err
		}
		life.onClose(func() { _ = lock.Unlock() })
	}

	// The certificates with the port, and etcd, are independent of each other.
	var parallel errgroup.Group
	parallel.Go(func() error {
		var err error
		if o.NoData {
			b.connections, err = serve(o, nil, b.generic)
			return err
		}
		if b.keys, err = pki.Ensure(o.Data.Path("pki"), pki.Request{Hosts: hosts(o), Now: b.clock.Now()}); err != nil {
			return err
		}
		b.connections, err = serve(o, b.keys, b.generic)
		return err
	})
	parallel.Go(func() error {
		var err error
		b.etcd, err = startEtcd(ctx, o)
		return err
	})
	err := parallel.Wait()
	if b.etcd != nil {
		life.onClose(b.etcd.Close)
	}
	if b.connections != nil {
		life.onClose(func() { _ = b.connections.Listener.Close() })
	}
	if err != nil {
		return nil, err
	}
	return b, b.prepare()
}

// startEtcd starts the embedded etcd, which is not ready yet. If the flags name an external etcd, it
// checks that this one answers, and returns nil.
func startEtcd(ctx context.Context, o options.Completed) (*storage.Etcd, error) {
	if !o.Embedded {
		if err := storage.Reach(ctx, o.Etcd.StorageConfig); err != nil {
			return nil, fmt.Errorf("--etcd-servers: %w", err)
		}
		return nil, nil
	}
	return storage.StartEtcd(storage.EtcdConfig{
		Dir:        o.Data.Path("etcd"),
		NoSync:     o.Data.EtcdNoSync,
		ClientURL:  o.Data.EtcdClientURL,
		QuotaBytes: o.Data.EtcdQuotaBytes,
		CertFile:   o.Data.EtcdCertFile, KeyFile: o.Data.EtcdKeyFile, TrustedCAFile: o.Data.EtcdTrustedCAFile,
	})
}

// prepare sets the parts of the configuration that do not depend on other
// steps.
func (b *base) prepare() error {
	o, g := b.options, b.generic
	if err := o.Generic.ApplyTo(g); err != nil {
		return err
	}
	if g.ShutdownWatchTerminationGracePeriod == 0 {
		g.ShutdownWatchTerminationGracePeriod = watchGracePeriod
	}
	g.EffectiveVersion = version.Effective{EffectiveVersion: g.EffectiveVersion, Reported: o.Version.Reported}
	g.LongRunningFunc = genericfilters.BasicLongRunningRequestCheck(
		sets.NewString("watch", "proxy"), sets.NewString("attach", "exec", "proxy", "log", "portforward"))
	g.SkipOpenAPIInstallation = true
	g.Flagz = o.Flagz()
	b.documents = openapi.New(g.EffectiveVersion.EmulationVersion().String())

	described := groups.All(groups.Needs{})
	if err := o.APIEnablement.ApplyTo(g, install.ResourceConfig(described), options.GroupVersions()); err != nil {
		return fmt.Errorf("--runtime-config: %w", err)
	}
	lifecycle, err := genericapiserver.NewResourceExpirationEvaluatorFromOptions(genericapiserver.ResourceExpirationEvaluatorOptions{
		CurrentVersion:                          g.EffectiveVersion.EmulationVersion(),
		EmulationForwardCompatible:              g.EmulationForwardCompatible,
		RuntimeConfigEmulationForwardCompatible: g.RuntimeConfigEmulationForwardCompatible,
	})
	if err != nil {
		return err
	}
	if b.enabled, err = install.NewEnabled(described, g.MergedResourceConfig, lifecycle); err != nil {
		return fmt.Errorf("--runtime-config: %w", err)
	}
	for _, missing := range b.enabled.Missing() {
		klog.Warningf("--runtime-config enables %s, of which this server has nothing", missing)
	}

	b.itself, b.overTLS = loopback.New(), g.LoopbackClientConfig
	g.LoopbackClientConfig = restclient.CopyConfig(b.overTLS)
	g.LoopbackClientConfig.TLSClientConfig, g.LoopbackClientConfig.Dial = restclient.TLSClientConfig{}, nil
	g.LoopbackClientConfig.Transport = b.itself
	b.life.onClose(b.itself.Stop)
	if b.client, err = kubernetes.NewForConfig(g.LoopbackClientConfig); err != nil {
		return err
	}
	b.informers = &ownInformers{directFactory: newDirectFactory(b.client, b.objects, described)}
	return nil
}

// wrapHandlers adds our handlers to the handler chain of k8s.io/apiserver. The
// aggregator and the other servers are nil if there are none.
func (b *base) wrapHandlers(front *aggregator.Aggregator, others *peers.Peers) {
	allowPrivileged := b.options.AllowPrivileged
	types := bodies.Types{apis.Scheme}
	for _, group := range b.enabled.Groups {
		if group.Types != nil {
			types = append(types, group.Types.Scheme)
		}
	}
	b.generic.BuildHandlerChainFunc = func(handler http.Handler, g *genericapiserver.Config) http.Handler {
		handler = nearContext(handler)
		handler = withoutEarlyWarnings(handler, apis.Scheme, g.EffectiveVersion.EmulationVersion())
		handler = refuseBadPatches(handler, g.Serializer)
		handler = bodies.Bound(handler, g.MaxRequestBodyBytes, g.LongRunningFunc, types)
		if !allowPrivileged {
			handler = forbidPrivileged(handler)
		}
		if front != nil {
			handler = front.Wrap(handler)
		}
		if others != nil {
			handler = others.Wrap(handler)
		}
		handler = genericapiserver.DefaultBuildHandlerChain(handler, g)
		if b.keys != nil {
			handler = welcomeBrowsers(handler, b.options.Data.Kubeconfig())
		}
		return withRoom(reportRefusals(handler, b))
	}
}
