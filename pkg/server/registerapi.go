package server

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	genericfilters "k8s.io/apiserver/pkg/endpoints/filters"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/discovery"
	"k8s.io/klog/v2"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
	apiregistrationclient "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/typed/apiregistration/v1"
	"k8s.io/utils/ptr"
)

// API is an aggregated API: group versions that another server serves, at a URL
// or as a handler in this process. One of URL and Handler is needed.
type API struct {
	// GroupVersions are what the other server serves, such as
	// wardle.example.com/v1alpha1, the preferred version of a group first.
	GroupVersions []schema.GroupVersion

	// URL is where the other server listens, such as https://127.0.0.1:8443;
	// it has no path. Its certificate has to be valid for the DNS name of the
	// Service, <name>.<namespace>.svc, as it has to be in every cluster:
	// IssueServing makes one.
	URL string
	// CABundle are the PEM certificates of the CAs that verify the certificate
	// at URL. The default is this server's CA.
	CABundle []byte
	// InsecureSkipTLSVerify accepts every certificate at URL.
	InsecureSkipTLSVerify bool

	// Handler serves the API in this process, on a TLS port of the loopback
	// address with a certificate of this server's CA. Requests reach it
	// authenticated and authorized, whether they come through this server or
	// from elsewhere: k8s.io/apiserver/pkg/endpoints/request.UserFrom finds the
	// user in the context of a request and RequestInfoFrom what it is about. It has
	// to answer GET /apis/<group>/<version> with an APIResourceList, and should
	// answer GET /openapi/v2 and /openapi/v3, or 404.
	Handler http.Handler

	// Service is the name of the service in the APIServices. There need not be
	// such a service. The default is in kube-system and made of the group.
	Service types.NamespacedName
	// GroupPriority and VersionPriority are groupPriorityMinimum and
	// versionPriority of the APIServices; the defaults are 1000 and 15, which
	// becomes one less for every further version.
	GroupPriority, VersionPriority int32
}

// RegisterAPI makes an API part of this server's and returns when clients can use
// it: its APIServices are available and it is in discovery. The server has to
// run. The context bounds the call alone; the API stays until the server stops,
// or until the returned function is called, which deletes the APIServices and
// closes the port of a Handler. After a restart of the server the API has to be
// registered again; until then it answers 503.
func (s *Server) RegisterAPI(ctx context.Context, api API) (unregister func(context.Context) error, err error) {
	if s.config.aggregator == nil {
		return nil, errors.New("RegisterAPI: the server does not serve apiregistration.k8s.io/v1")
	}
	if err := api.complete(); err != nil {
		return nil, fmt.Errorf("RegisterAPI: %w", err)
	}
	client, err := apiregistrationclient.NewForConfig(s.config.Generic.LoopbackClientConfig)
	if err != nil {
		return nil, err
	}
	r := &registeredAPI{API: api, server: s, client: client.APIServices()}
	if err := r.register(ctx); err != nil {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return nil, fmt.Errorf("RegisterAPI: %w", errors.Join(err, r.unregister(cleanup)))
	}
	return r.unregister, nil
}

// IssueServing returns a certificate for the hosts, signed by this server's CA,
// its key, and the certificate of the CA, all PEM: for the server of an
// aggregated API or of a webhook.
func (s *Server) IssueServing(hosts ...string) (cert, key, ca []byte, err error) {
	if cert, key, err = s.config.keys.IssueServing(time.Now(), hosts...); err != nil {
		return nil, nil, nil, err
	}
	ca, err = os.ReadFile(s.config.keys.CA.CertFile)
	return cert, key, ca, err
}

// complete fills in the defaults.
func (a *API) complete() error {
	if len(a.GroupVersions) == 0 {
		return errors.New("GroupVersions is empty")
	}
	if (a.URL == "") == (a.Handler == nil) {
		return errors.New("one of URL and Handler is needed")
	}
	if a.Service.Name == "" {
		a.Service.Name = strings.ReplaceAll(a.GroupVersions[0].Group, ".", "-")
	}
	if a.Service.Namespace == "" {
		a.Service.Namespace = metav1.NamespaceSystem
	}
	if a.GroupPriority == 0 {
		a.GroupPriority = 1000
	}
	if a.VersionPriority == 0 {
		a.VersionPriority = 15
	}
	return nil
}

// host is the name that the certificate has to be for.
func (a *API) host() string { return a.Service.Name + "." + a.Service.Namespace + ".svc" }

type registeredAPI struct {
	API
	server *Server
	client apiregistrationclient.APIServiceInterface
	close  func() error
}

func (r *registeredAPI) register(ctx context.Context) error {
	if r.Handler != nil {
		if err := r.listen(); err != nil {
			return err
		}
	}
	to, err := url.Parse(r.URL)
	if err != nil {
		return err
	}
	if to.Scheme != "https" || to.Host == "" || strings.Trim(to.Path, "/") != "" || to.RawQuery != "" {
		return fmt.Errorf("URL %q is not of the form https://host:port", r.URL)
	}
	if len(r.CABundle) == 0 && !r.InsecureSkipTLSVerify {
		if r.CABundle, err = os.ReadFile(r.server.config.keys.CA.CertFile); err != nil {
			return err
		}
	}
	r.server.config.aggregator.SetBackend(r.Service, &url.URL{Scheme: to.Scheme, Host: to.Host})
	for i, gv := range r.GroupVersions {
		if err := r.create(ctx, gv, max(1, r.VersionPriority-int32(i))); err != nil {
			return err
		}
	}
	for _, gv := range r.GroupVersions {
		if err := r.wait(ctx, gv); err != nil {
			return err
		}
	}
	return nil
}

// create makes the APIService anew: one of an earlier start would go on being
// unavailable until it is looked at again.
func (r *registeredAPI) create(ctx context.Context, gv schema.GroupVersion, versionPriority int32) error {
	service := &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: apiServiceName(gv)},
		Spec: apiregistrationv1.APIServiceSpec{
			Service:               &apiregistrationv1.ServiceReference{Namespace: r.Service.Namespace, Name: r.Service.Name, Port: ptr.To[int32](443)},
			Group:                 gv.Group,
			Version:               gv.Version,
			InsecureSkipTLSVerify: r.InsecureSkipTLSVerify,
			CABundle:              r.CABundle,
			GroupPriorityMinimum:  r.GroupPriority,
			VersionPriority:       versionPriority,
		},
	}
	if err := r.client.Delete(ctx, service.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	_, err := r.client.Create(ctx, service, metav1.CreateOptions{})
	return err
}

func apiServiceName(gv schema.GroupVersion) string { return gv.Version + "." + gv.Group }

// wait returns when the APIService is available and discovery has its resources.
func (r *registeredAPI) wait(ctx context.Context, gv schema.GroupVersion) error {
	for {
		service, err := r.client.Get(ctx, apiServiceName(gv), metav1.GetOptions{})
		if err == nil && helper.IsAPIServiceConditionTrue(service, apiregistrationv1.Available) && r.discovered(ctx, gv) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(notAvailable(gv, service), err, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func notAvailable(gv schema.GroupVersion, service *apiregistrationv1.APIService) error {
	if service != nil {
		if condition := helper.GetAPIServiceConditionByType(service, apiregistrationv1.Available); condition != nil {
			return fmt.Errorf("%s is not available: %s: %s", gv, condition.Reason, condition.Message)
		}
	}
	return fmt.Errorf("%s is not available", gv)
}

// discovered asks as clients do.
func (r *registeredAPI) discovered(ctx context.Context, gv schema.GroupVersion) bool {
	data, err := r.server.config.client.Discovery().RESTClient().Get().AbsPath("/apis").
		SetHeader("Accept", discovery.AcceptV2).Do(ctx).Raw()
	var list apidiscoveryv2.APIGroupDiscoveryList
	if err != nil || json.Unmarshal(data, &list) != nil {
		return false
	}
	for _, group := range list.Items {
		for _, version := range group.Versions {
			if group.Name == gv.Group && version.Version == gv.Version {
				return version.Freshness == apidiscoveryv2.DiscoveryFreshnessCurrent
			}
		}
	}
	return false
}

// listen opens the port of a handler.
func (r *registeredAPI) listen() error {
	certPEM, keyPEM, ca, err := r.server.IssueServing(r.host(), "localhost", "127.0.0.1")
	if err != nil {
		return err
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
		// Who the certificate is good for is the authenticators' question.
		ClientAuth: tls.RequestClientCert,
	})
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           r.server.protect(r.Handler),
		ReadHeaderTimeout: 30 * time.Second,
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			klog.ErrorS(err, "Serving an aggregated API", "service", r.Service)
		}
	}()
	r.URL, r.CABundle, r.close = "https://"+listener.Addr().String(), ca, server.Close
	r.server.onClose(func() { _ = server.Close() })
	return nil
}

// protect asks for every request to a handler who the user is, which the front
// proxy tells, and whether he may do that.
func (s *Server) protect(handler http.Handler) http.Handler {
	g := s.config.Generic
	handler = genericfilters.WithAuthorization(handler, g.Authorization.Authorizer, g.Serializer)
	handler = genericfilters.WithAuthentication(handler, g.Authentication.Authenticator,
		genericfilters.Unauthorized(g.Serializer), g.Authentication.APIAudiences, g.Authentication.RequestHeaderConfig)
	handler = genericfilters.WithRequestInfo(handler, genericapiserver.NewRequestInfoResolver(g))
	return genericfilters.WithAuditInit(handler)
}

func (r *registeredAPI) unregister(ctx context.Context) error {
	var errs []error
	for _, gv := range r.GroupVersions {
		if err := r.client.Delete(ctx, apiServiceName(gv), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	r.server.config.aggregator.SetBackend(r.Service, nil)
	if r.close != nil {
		errs = append(errs, r.close())
	}
	return errors.Join(errs...)
}
