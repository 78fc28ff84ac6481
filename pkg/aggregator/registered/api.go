// Package registered registers aggregated APIs that run beside the server, at a
// URL or as a handler in its process, with the aggregator.
package registered

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	restclient "k8s.io/client-go/rest"
	"k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
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

// Host is what the server that the API is registered with has to offer.
type Host struct {
	// Client is the configuration of a client of it with all rights.
	Client *restclient.Config
	// Backends connects services with the URLs behind them.
	Backends interface {
		SetBackend(service types.NamespacedName, backend *url.URL)
	}
	// CA returns the certificate of its CA in PEM, and IssueServing a certificate
	// for hosts that the CA has signed, and its key.
	CA           func() ([]byte, error)
	IssueServing func(hosts ...string) (cert, key []byte, err error)
	// Protect lets through, of the requests to a handler, those of users who may
	// do what they ask for, and tells the handler who they are.
	Protect func(http.Handler) http.Handler
	// OnClose adds something that ends with the server.
	OnClose func(func())
}

// Register makes an API part of the server's and returns when clients can use
// it: its APIServices are available and it is in discovery. The server has to
// run. The context bounds the call alone; the API stays until the server stops,
// or until the returned function is called, which deletes the APIServices and
// closes the port of a Handler.
func (a API) Register(ctx context.Context, host Host) (unregister func(context.Context) error, err error) {
	if err := a.complete(); err != nil {
		return nil, err
	}
	client, err := clientset.NewForConfig(host.Client)
	if err != nil {
		return nil, err
	}
	discovery, err := discovery.NewDiscoveryClientForConfig(host.Client)
	if err != nil {
		return nil, err
	}
	r := &registration{API: a, host: host, services: client.ApiregistrationV1().APIServices(), discovery: discovery}
	if err := r.register(ctx); err != nil {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		return nil, errors.Join(err, r.unregister(cleanup))
	}
	return r.unregister, nil
}

// cleanupTimeout bounds how long taking back a failed registration may take.
const cleanupTimeout = 10 * time.Second

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

// serverName is the name that the certificate has to be for.
func (a *API) serverName() string { return a.Service.Name + "." + a.Service.Namespace + ".svc" }
