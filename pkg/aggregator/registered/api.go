// Package registered adds aggregated APIs to a running server: APIs that are
// served at a URL, or by an http.Handler in the same process. It creates the
// APIServices and waits until clients can use the API.
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

// API is an aggregated API: group versions that another server serves. Exactly
// one of URL and Handler must be set.
type API struct {
	// GroupVersions are the served group versions, such as
	// wardle.example.com/v1alpha1. The preferred version of a group comes
	// first.
	GroupVersions []schema.GroupVersion

	// URL is where the other server listens, such as https://127.0.0.1:8443,
	// without a path. As in every cluster, its certificate must be valid for
	// the DNS name of the Service, <name>.<namespace>.svc. IssueServing creates
	// such a certificate.
	URL string
	// CABundle contains the CA certificates, in PEM, that verify the
	// certificate of the server at URL. The default is this server's CA.
	CABundle []byte
	// InsecureSkipTLSVerify disables verification of the certificate at URL.
	InsecureSkipTLSVerify bool

	// Handler serves the API in this process. It is served with TLS on a port
	// of the loopback address, with a certificate of this server's CA. All
	// requests that reach it are authenticated and authorized, whether they are
	// sent to this server or to that port. UserFrom and RequestInfoFrom of
	// k8s.io/apiserver/pkg/endpoints/request return the user and the attributes
	// of a request. The handler must answer GET /apis/<group>/<version> with an
	// APIResourceList. It should answer GET /openapi/v2 and /openapi/v3, if
	// only with 404.
	Handler http.Handler

	// Service is the name of the service in the APIServices. The service need
	// not exist. By default the namespace is kube-system and the name is the
	// group of the first group version, with "-" instead of ".".
	Service types.NamespacedName
	// GroupPriority and VersionPriority are the groupPriorityMinimum and the
	// versionPriority of the APIServices. The defaults are 1000 and 15. The
	// version priority decreases by one for each further group version.
	GroupPriority, VersionPriority int32
}

// Host is what the registration needs of the server.
type Host struct {
	// Client is the configuration of a client of the server that may do
	// everything.
	Client *restclient.Config
	// Backends maps services to URLs.
	Backends interface {
		SetBackend(service types.NamespacedName, backend *url.URL)
	}
	// CA returns the CA certificate of the server in PEM. IssueServing returns
	// a certificate for hosts, signed by this CA, and its key.
	CA           func() ([]byte, error)
	IssueServing func(hosts ...string) (cert, key []byte, err error)
	// Protect wraps a handler: it authenticates and authorizes each request,
	// and stores the user in the context of the request.
	Protect func(http.Handler) http.Handler
	// OnClose registers a function that is called when the server stops.
	OnClose func(func())
}

// Register adds an API to a running server. It returns when clients can use the
// API: the APIServices are available and discovery lists the resources. The
// context limits only the time of this call. The API stays until the server
// stops, or until unregister is called, which deletes the APIServices and
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

// cleanupTimeout limits the time to undo a failed registration.
const cleanupTimeout = 10 * time.Second

// complete fills in the defaults.
func (a *API) complete() error {
	if len(a.GroupVersions) == 0 {
		return errors.New("GroupVersions is empty")
	}
	if (a.URL == "") == (a.Handler == nil) {
		return errors.New("exactly one of URL and Handler must be set")
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

// serverName is the DNS name for which the certificate must be valid.
func (a *API) serverName() string { return a.Service.Name + "." + a.Service.Namespace + ".svc" }
