package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/dynamic"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/loops"
	"github.com/gatehouse-k8s/gatehouse/pkg/openapi"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication/tokenreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/install"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/bootstrap"
	"github.com/gatehouse-k8s/gatehouse/pkg/storage"
)

// assemble makes the server of what open has opened, in the order in which its
// parts depend on each other.
func assemble(ctx context.Context, b *base) (*Server, error) {
	o, g := b.options, b.generic
	stored, err := storage.Apply(*o.Etcd, b.etcd, b.enabled.Groups, g)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	b.life.onClose(stored.Close)
	if err := o.EgressSelector.ApplyTo(g); err != nil {
		return nil, fmt.Errorf("--egress-selector-config-file: %w", err)
	}
	if err := o.Traces.ApplyTo(g.EgressSelector, g); err != nil {
		return nil, fmt.Errorf("--tracing-config-file: %w", err)
	}
	accounts, err := newServiceAccounts(b)
	if err != nil {
		return nil, fmt.Errorf("service accounts (--service-account-signing-key-file, --service-account-key-file): %w", err)
	}
	clientCA, err := applyAuthentication(b, accounts.authenticator)
	if err != nil {
		return nil, fmt.Errorf("authentication: %w", err)
	}
	rules, err := applyAuthorization(b)
	if err != nil {
		return nil, fmt.Errorf("authorization: %w", err)
	}
	if err := o.Audit.ApplyTo(g); err != nil {
		return nil, fmt.Errorf("audit (--audit-policy-file, --audit-log-path, --audit-webhook-config-file): %w", err)
	}
	if err := o.Features.ApplyTo(g, b.client, b.informers); err != nil {
		return nil, fmt.Errorf("priority and fairness: %w", err)
	}
	services, err := newServices(b, stored.Raw)
	if err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	runControllers(b)
	aggregator, err := newAggregator(b)
	if err != nil {
		return nil, fmt.Errorf("API aggregation: %w", err)
	}
	if aggregator != nil {
		b.wrapHandlers(aggregator.Wrap)
	} else {
		b.wrapHandlers(nil)
	}
	if err := applyAdmission(b); err != nil {
		return nil, fmt.Errorf("admission (--enable-admission-plugins, --admission-control-config-file): %w", err)
	}

	s := &Server{base: b, aggregator: aggregator}
	delegate, extensions, err := newCustomResources(ctx, b, stored.CustomResources, services)
	if err != nil {
		return nil, err
	}
	if s.generic, err = g.Complete(b.informers).New("kube-apiserver", delegate); err != nil {
		return nil, err
	}
	if s.extensions = extensions; extensions != nil {
		if aggregator != nil {
			extensions.Register(aggregator)
		}
		if err := extensions.Install(s.generic, groupNames(b.enabled.Groups)); err != nil {
			return nil, err
		}
	}
	s.documents = openapi.New("v" + g.EffectiveVersion.EmulationVersion().String() + ".0")
	in := &install.Installer{
		Server: s.generic, Config: g, TypeConverter: s.documents.TypeConverter,
		Deps: registry.Deps{Scheme: apis.Scheme, RESTOptions: g.RESTOptionsGetter, Raw: stored.Raw, Objects: b.objects},
	}
	if err := in.Install(groups.All(groups.Needs{
		Core:           core.Needs{EventTTL: o.EventTTL, Tokens: accounts.tokens, Services: services.Allocation},
		Authentication: tokenreview.Needs{Authenticator: g.Authentication.Authenticator, Audiences: g.Authentication.APIAudiences},
		Authorization:  authorization.Needs{Authorizer: g.Authorization.Authorizer, Rules: g.RuleResolver},
		RBAC:           guard.Needs{Authorizer: g.Authorization.Authorizer, RBAC: rules},
	})); err != nil {
		return nil, err
	}
	accounts.discovery(s.generic.Handler.GoRestfulContainer, jwksURI(b))
	info := bootstrap.AuthenticationInfo{ClientCA: clientCA, RequestHeader: g.Authentication.RequestHeaderConfig}
	if err := bootstrap.AddHooks(s.generic, b.client, b.informers, info, services, b.enabled.Serves); err != nil {
		return nil, err
	}
	if err := s.installAggregator(); err != nil {
		return nil, err
	}
	return s, s.tellWhere()
}

// runControllers lets the controllers that the flag chooses run with the server.
func runControllers(b *base) {
	deps := controllers.Deps{Client: b.client, Informers: b.informers}
	for _, loop := range loops.All().New(b.options.Controllers, deps, b.enabled.Serves) {
		b.life.runs(loop.Run)
	}
}

func applyAdmission(b *base) error {
	g := b.generic
	client, err := dynamic.NewForConfig(g.LoopbackClientConfig)
	if err != nil {
		return err
	}
	return b.options.Admission.ApplyTo(g, b.informers, b.client, client, g.FeatureGate, g.EffectiveVersion)
}

func groupNames(groups []registry.Group) (names []string) {
	for _, group := range groups {
		names = append(names, group.Name)
	}
	return names
}

// tellWhere finds out where the server listens, and writes the administrator's
// kubeconfig.
func (s *Server) tellWhere() error {
	g, keys := s.base.generic, s.base.keys
	host, port, err := genericapiserver.LoopbackHostPort(g.SecureServing.Listener.Addr().String())
	if err != nil {
		return err
	}
	s.URL = "https://" + net.JoinHostPort(host, port)
	ca, err := os.ReadFile(keys.CA.CertFile)
	if cert := s.base.options.SecureServing.ServerCert.CertKey; cert.CertFile != keys.Serving.CertFile {
		ca, err = os.ReadFile(cert.CertFile)
	}
	if err != nil {
		return errors.Join(errors.New("kubeconfig"), err)
	}
	s.Kubeconfig = s.base.options.Data.Path("admin.kubeconfig")
	return writeKubeconfig(s.Kubeconfig, s.URL, ca, keys.Admin)
}
