package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	apiregistrationclient "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/typed/apiregistration/v1"
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
