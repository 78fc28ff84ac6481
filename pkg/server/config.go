package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/registry/generic"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	genericfilters "k8s.io/apiserver/pkg/server/filters"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/loops"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
	"github.com/gatehouse-k8s/gatehouse/pkg/storage"
	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// informerResync is kube-apiserver's.
const informerResync = 10 * time.Minute

// Config is what a server is made of: everything is open and loaded, nothing
// runs yet but etcd.
type Config struct {
	Options options.Completed
	Generic *genericapiserver.Config
	Groups  []registry.Group

	keys      *pki.PKI
	ca        dynamiccertificates.CAContentProvider
	etcd      *storage.Etcd
	stored    stored
	client    kubernetes.Interface
	informers informers.SharedInformerFactory
	rbac      *rbac.Resolver
	objects   registry.Objects
	schemas   *schemas
	// aggregator is nil when apiservices are not served.
	aggregator *aggregator.Aggregator
	// background runs as long as the server does.
	background []func(context.Context)
	// serviceAccounts are made before authentication.
	serviceAccounts serviceAccounts
	services        services
	// closers undo what NewConfig has opened, last first.
	closers []func()
}

// NewConfig opens the data directory, the etcd in it and the port. On an error
// everything is closed again.
func NewConfig(ctx context.Context, o options.Completed) (_ *Config, err error) {
	c := &Config{Options: o, Generic: genericapiserver.NewConfig(apis.Codecs), Groups: groups.All()}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	lock, err := lockDataDir(o.Data)
	if err != nil {
		return nil, err
	}
	c.closers = append(c.closers, func() { _ = lock.Unlock() })

	// Certificates, the port and etcd have nothing to do with each other.
	var parallel errgroup.Group
	parallel.Go(func() error {
		var err error
		if c.keys, err = pki.Ensure(o.Data.Path("pki"), pki.Request{Hosts: hosts(o), Now: time.Now()}); err != nil {
			return err
		}
		return serve(o, c.keys, c.Generic)
	})
	parallel.Go(func() error {
		var err error
		c.etcd, err = startEtcd(ctx, o)
		return err
	})
	err = parallel.Wait()
	if c.etcd != nil {
		c.closers = append(c.closers, c.etcd.Close)
	}
	if c.Generic.SecureServing != nil {
		listener := c.Generic.SecureServing.Listener
		c.closers = append(c.closers, func() { _ = listener.Close() })
	}
	if err != nil {
		return nil, err
	}
	return c, c.apply()
}

func (c *Config) close() {
	for i := len(c.closers) - 1; i >= 0; i-- {
		c.closers[i]()
	}
	c.closers = nil
}

// apply turns the options into the configuration of the generic server, in
// the order in which they depend on each other.
func (c *Config) apply() error {
	o, g := c.Options, c.Generic
	if err := o.Generic.ApplyTo(g); err != nil {
		return err
	}
	g.EffectiveVersion = version.Effective{EffectiveVersion: g.EffectiveVersion}
	g.LongRunningFunc = genericfilters.BasicLongRunningRequestCheck(
		sets.NewString("watch", "proxy"), sets.NewString("attach", "exec", "proxy", "log", "portforward"))
	g.BuildHandlerChainFunc = func(handler http.Handler, g *genericapiserver.Config) http.Handler {
		handler = refuseBadPatches(handler, g.Serializer)
		if !o.AllowPrivileged {
			handler = forbidPrivileged(handler)
		}
		if c.aggregator != nil {
			handler = c.aggregator.Wrap(handler)
		}
		return genericapiserver.DefaultBuildHandlerChain(handler, g)
	}
	c.schemas = newSchemas("v" + g.EffectiveVersion.EmulationVersion().String() + ".0")
	g.SkipOpenAPIInstallation = true

	var err error
	if c.client, err = kubernetes.NewForConfig(g.LoopbackClientConfig); err != nil {
		return err
	}
	c.informers = informers.NewSharedInformerFactory(c.client, informerResync)
	for _, step := range []struct {
		flag  string
		apply func() error
	}{
		{"--runtime-config", func() error { return o.APIEnablement.ApplyTo(g, resourceConfig(c.Groups), options.GroupVersions()) }},
		{"storage", func() (err error) { c.stored, err = applyStorage(o, c.etcd, c.Groups, g); return err }},
		{"--egress-selector-config-file", func() error { return o.EgressSelector.ApplyTo(g) }},
		{"--tracing-config-file", func() error { return o.Traces.ApplyTo(g.EgressSelector, g) }},
		{"service accounts (--service-account-signing-key-file, --service-account-key-file)", c.applyServiceAccounts},
		{"authentication", c.applyAuthentication},
		{"authorization", c.applyAuthorization},
		{"audit (--audit-policy-file, --audit-log-path, --audit-webhook-config-file)", func() error { return o.Audit.ApplyTo(g) }},
		{"priority and fairness", func() error { return o.Features.ApplyTo(g, c.client, c.informers) }},
		{"services", c.applyServices},
		{"--controllers", c.applyControllers},
		{"API aggregation", c.applyAggregator},
		{"admission (--enable-admission-plugins, --admission-control-config-file)", c.applyAdmission},
	} {
		if err := step.apply(); err != nil {
			return fmt.Errorf("%s: %w", step.flag, err)
		}
	}
	if c.stored.backend != nil {
		c.closers = append(c.closers, c.stored.backend.Close)
	}
	return nil
}

func (c *Config) applyAdmission() error {
	dynamicClient, err := dynamic.NewForConfig(c.Generic.LoopbackClientConfig)
	if err != nil {
		return err
	}
	return c.Options.Admission.ApplyTo(c.Generic, c.informers, c.client, dynamicClient, c.Generic.FeatureGate, c.Generic.EffectiveVersion)
}

func (c *Config) applyControllers() error {
	deps := controllers.Deps{Client: c.client, Informers: c.informers}
	for _, loop := range loops.All().New(c.Options.Controllers, deps, c.serves) {
		c.background = append(c.background, loop.Run)
	}
	return nil
}

// deps is what the storage of the resources is made with.
func (c *Config) deps() registry.Deps {
	return registry.Deps{
		Scheme:      apis.Scheme,
		RESTOptions: c.Generic.RESTOptionsGetter,
		Raw:         c.rawStorage(),
		EventTTL:    c.Options.EventTTL,
		Objects:     &c.objects,
		Services:    c.services.allocation,
		Tokens:      c.serviceAccounts.tokens,

		Authenticator: c.Generic.Authentication.Authenticator,
		APIAudiences:  c.Generic.Authentication.APIAudiences,
		Authorizer:    c.Generic.Authorization.Authorizer,
		RuleResolver:  c.Generic.RuleResolver,
		RBAC:          c.rbac,
	}
}

// rawStorage makes storage without a watch cache.
func (c *Config) rawStorage() generic.StorageDecorator {
	if c.stored.backend != nil {
		return c.stored.backend.RawStorage
	}
	return generic.UndecoratedStorage
}

// resourceConfig enables every group version that is built in, before
// --runtime-config.
func resourceConfig(groups []registry.Group) *serverstorage.ResourceConfig {
	config := serverstorage.NewResourceConfig()
	for _, group := range groups {
		for _, version := range group.Versions {
			config.EnableVersions(schema.GroupVersion{Group: group.Name, Version: version.Name})
		}
	}
	return config
}

// groupNames are the groups that are built in.
func (c *Config) groupNames() (names []string) {
	for _, group := range c.Groups {
		names = append(names, group.Name)
	}
	return names
}

// kubeconfig writes the administrator's kubeconfig.
func (c *Config) kubeconfig(url string) (string, error) {
	ca, err := os.ReadFile(c.keys.CA.CertFile)
	if cert := c.Options.SecureServing.ServerCert.CertKey; cert.CertFile != c.keys.Serving.CertFile {
		ca, err = os.ReadFile(cert.CertFile)
	}
	if err != nil {
		return "", errors.Join(errors.New("kubeconfig"), err)
	}
	file := c.Options.Data.Path("admin.kubeconfig")
	return file, writeKubeconfig(file, url, ca, c.keys.Admin)
}
