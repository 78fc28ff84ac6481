package server

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"net"
	"os"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/loops"
	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication/tokenreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/install"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/resourceclaim"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/bootstrap"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/peers"
	"github.com/gatehouse-k8s/gatehouse/pkg/storage"
	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// parts are what the steps of configure make, and the later ones need.
type parts struct {
	stored     *storage.Stored
	accounts   *serviceAccounts
	clientCA   dynamiccertificates.CAContentProvider
	rules      *rbac.Resolver
	services   bootstrap.Services
	kubelets   *kubelet.Connections
	peers      *peers.Peers
	aggregator *aggregator.Aggregator
}

// assemble builds the server from what open has opened. Meanwhile etcd elects itself: nothing
// reads from it or writes to it before begin.
func assemble(ctx context.Context, b *base) (*Server, error) {
	p, err := configure(ctx, b)
	if err != nil {
		return nil, err
	}
	s := &Server{base: b, aggregator: p.aggregator}
	delegate, extensions, err := newCustomResources(ctx, b, p)
	if err != nil {
		return nil, err
	}
	if s.generic, err = b.generic.Complete(b.informers).New("kube-apiserver", delegate); err != nil {
		return nil, err
	}
	if s.extensions = extensions; extensions != nil {
		if p.aggregator != nil {
			extensions.Register(p.aggregator)
		}
		if err := extensions.Install(s.generic, groupNames(b.enabled.Groups)); err != nil {
			return nil, err
		}
	}
	if err := s.installGroups(p); err != nil {
		return nil, err
	}
	p.accounts.discovery(s.generic.Handler.GoRestfulContainer, jwksURI(b))
	if b.options.LogsHandler {
		s.generic.Handler.GoRestfulContainer.Add(logFiles(logDir))
	}
	if err := s.addHooks(p); err != nil {
		return nil, err
	}
	if err := s.installAggregator(); err != nil {
		return nil, err
	}
	if err := begin(ctx, b, p); err != nil {
		return nil, err
	}
	return s, s.tellWhere()
}

// configure completes the configuration of the generic server. The order of the
// steps follows the dependencies between the parts. An error names the flags that
// the step reads.
func configure(ctx context.Context, b *base) (*parts, error) {
	o, g, p := b.options, b.generic, &parts{}
	for _, step := range []struct {
		flags string
		apply func() error
	}{
		{"storage", func() (err error) { p.stored, err = newStorage(b); return err }},
		{"--egress-selector-config-file", func() error { return o.EgressSelector.ApplyTo(g) }},
		{"--tracing-config-file", func() error { return o.Traces.ApplyTo(g.EgressSelector, g) }},
		{"service accounts (--service-account-signing-key-file, --service-account-key-file, --service-account-signing-endpoint)",
			func() (err error) { p.accounts, err = newServiceAccounts(ctx, b); return err }},
		{"authentication", func() (err error) { p.clientCA, err = applyAuthentication(b, p.accounts.authenticator); return err }},
		{"authorization", func() (err error) { p.rules, err = applyAuthorization(b); noteRefusals(b); return err }},
		{"audit (--audit-policy-file, --audit-log-path, --audit-webhook-config-file)", func() error { return applyAudit(b) }},
		{"priority and fairness", func() error { return o.Features.ApplyTo(g, b.client, b.informers) }},
		{"services", func() (err error) { p.services, err = newServices(b, p.stored.Raw); return err }},
		{"connections to kubelets (--kubelet-client-certificate, --kubelet-client-key, --kubelet-certificate-authority)",
			func() (err error) { p.kubelets, err = newKubelets(b); return err }},
		{"other API servers", func() (err error) { p.peers, err = newPeers(b, p.stored.Raw); return err }},
		{"API aggregation", func() (err error) { p.aggregator, err = newAggregator(b, p.peers); return err }},
		{"admission (--enable-admission-plugins, --admission-control-config-file)", func() error { return applyAdmission(b, p.aggregator) }},
	} {
		if err := step.apply(); err != nil {
			return nil, fmt.Errorf("%s: %w", step.flags, err)
		}
	}
	b.wrapHandlers(p.aggregator, p.peers)
	return p, runControllers(b, p)
}

// addHooks adds the post-start hooks of this server, in kube-apiserver's order.
func (s *Server) addHooks(p *parts) error {
	needs := needs(s.base, p)
	if err := bootstrap.AddNamespaces(s.generic, needs); err != nil {
		return err
	}
	if err := s.installLeadership(); err != nil {
		return err
	}
	if err := s.installPeers(p.peers); err != nil {
		return err
	}
	return bootstrap.AddHooks(s.generic, needs)
}

func newStorage(b *base) (*storage.Stored, error) {
	stored, err := storage.Apply(*b.options.Etcd, b.etcd, b.enabled.Groups, b.generic)
	if err != nil {
		return nil, err
	}
	b.life.onClose(stored.Close)
	if stored.Stillness != nil {
		b.objects.KnowStillness(stored.Stillness)
	}
	return stored, nil
}

// installGroups serves the built-in APIs.
func (s *Server) installGroups(p *parts) error {
	b, g := s.base, s.base.generic
	in := &install.Installer{
		Server: s.generic, Config: g, Enabled: b.enabled, TypeConverter: s.base.documents.TypeConverter,
		Deps: registry.Deps{Scheme: apis.Scheme, RESTOptions: g.RESTOptionsGetter, Raw: p.stored.Raw, Objects: b.objects, InForce: b.inForce.Wait},
	}
	var err error
	s.routes, err = in.Install(groups.All(groups.Needs{
		Core: core.Needs{EventTTL: b.options.EventTTL, Tokens: p.accounts.tokens, Services: p.services.Allocation, Etcd: p.stored.Servers,
			Connect: connect.Needs{Connections: p.kubelets, Authorizer: g.Authorization.Authorizer, BytesPerSecond: b.options.MaxConnectionBytesPerSec}},
		Authentication: tokenreview.Needs{Authenticator: g.Authentication.Authenticator, Audiences: g.Authentication.APIAudiences},
		Authorization:  authorization.Needs{Authorizer: g.Authorization.Authorizer, Rules: g.RuleResolver},
		RBAC:           guard.Needs{Authorizer: g.Authorization.Authorizer, RBAC: p.rules},
		Params: params.Needs{Authorizer: g.Authorization.Authorizer, Objects: b.objects,
			Resources: discovery.ToServerResourcesInterfaceWithContext(b.client.Discovery()).ServerResourcesForGroupVersionWithContext},
		Resource: resourceclaim.Needs{Authorizer: g.Authorization.Authorizer},
	}))
	return err
}

// runControllers adds the controllers that --controllers selects to the
// lifetime of the server. They stand down while a kube-controller-manager runs.
func runControllers(b *base, p *parts) error {
	config := restclient.CopyConfig(b.generic.LoopbackClientConfig)
	config.UserAgent = "kube-controller-manager/" + version.Git // the field manager of what they write
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}
	deps := controllers.Deps{Client: client, Metadata: metadataClient, Objects: b.objects, Informers: b.informers,
		Vacancy:   b.vacancy(p.stored),
		RootCA:    func() ([]byte, error) { return os.ReadFile(rootCAFile(b)) },
		SignToken: p.accounts.tokens.Sign,
	}
	if b.keys != nil {
		deps.SignCertificate = b.keys.Sign
	} else {
		deps.SignCertificate = func(x509.Certificate, crypto.PublicKey) (*x509.Certificate, error) { return nil, errNoKeys }
	}
	b.life.runs(loops.All().NewCrew(b.options.Controllers, deps, b.enabled.Serves).Run)
	return nil
}

// vacancy returns the function that tells controllers when a resource gets its
// first object. It knows this of resources that this server stores: built-in ones and
// custom resources.
func (b *base) vacancy(stored *storage.Stored) func(context.Context, schema.GroupVersionResource) context.Context {
	if stored.Vacancy == nil {
		return nil
	}
	definitions := internal.Resource("customresourcedefinitions")
	return func(ctx context.Context, resource schema.GroupVersionResource) context.Context {
		if !b.enabled.Serves(resource) {
			name := resource.GroupResource().String()
			if _, err := objects.Get[*internal.CustomResourceDefinition](ctx, b.objects, definitions, "", name); err != nil {
				return nil
			}
		}
		return stored.Vacancy(ctx, resource.GroupResource())
	}
}

func groupNames(groups []registry.Group) (names []string) {
	for _, group := range groups {
		names = append(names, group.Name)
	}
	return names
}

// tellWhere sets the URL and writes the administrator's kubeconfig. It must be
// called when the port is open.
func (s *Server) tellWhere() error {
	b := s.base
	host, port, err := genericapiserver.LoopbackHostPort(b.generic.SecureServing.Listener.Addr().String())
	if err != nil {
		return err
	}
	if b.options.SecureServing.BindAddress.IsUnspecified() {
		host = "127.0.0.1" // the library would name ::1, which not every container has
	}
	s.URL = "https://" + net.JoinHostPort(host, port)
	if b.keys == nil {
		return nil
	}
	s.Kubeconfig = b.options.Data.Kubeconfig()
	b.life.runs(func(ctx context.Context) { b.keys.Run(ctx, b.clock, s.writeKubeconfig) })
	return s.writeKubeconfig()
}
