package aggregator_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	restclient "k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// patience is a time limit that is long enough for a busy machine.
const patience = 30 * time.Second

var toys = schema.GroupVersion{Group: "toys.example.com", Version: "v1"}

// TestMain discards the logs of the servers.
func TestMain(m *testing.M) {
	klog.SetLogger(klog.Logger{})
	m.Run()
}

// backend returns a server for the resource toys: it answers discovery, and
// routes add further paths.
func backend(gv schema.GroupVersion, routes map[string]http.HandlerFunc) http.Handler {
	mux := http.NewServeMux()
	resources := metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: gv.String(),
		APIResources: []metav1.APIResource{{Name: "toys", SingularName: "toy", Namespaced: true, Kind: "Toy", Verbs: metav1.Verbs{"get", "list"}}},
	}
	mux.HandleFunc("/apis/"+gv.String(), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(resources)
	})
	for path, handler := range routes {
		mux.HandleFunc(path, handler)
	}
	return mux
}

func register(t testing.TB, s *testserver.Server, api server.API) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	testutil.Check(t, s.RegisterAPI(ctx, api))
}

// client returns an HTTP client with the credentials of the configuration.
func client(t testing.TB, c *restclient.Config) *http.Client {
	t.Helper()
	out, err := restclient.HTTPClientFor(c)
	testutil.Check(t, err)
	return out
}

// listen serves a handler with a certificate for the service
// kube-system/toys-example-com. It does not authenticate the clients.
func listen(t testing.TB, s *testserver.Server, handler http.Handler) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	certPEM, keyPEM, _, err := s.IssueServing("toys-example-com.kube-system.svc")
	testutil.Check(t, err)
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	testutil.Check(t, err)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

type answer struct {
	code   int
	header http.Header
	body   string
}

func do(t testing.TB, c *http.Client, method, url string, body io.Reader, header http.Header) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	testutil.Check(t, err)
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := c.Do(request)
	testutil.Check(t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	testutil.Check(t, err)
	return answer{response.StatusCode, response.Header, string(data)}
}

// eventually polls until the condition holds, and fails the test if it does not
// hold in time.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// freshness returns the freshness of a group version in aggregated discovery,
// or "" if the group version is not listed.
func freshness(t testing.TB, s *testserver.Server, gv schema.GroupVersion) apidiscoveryv2.DiscoveryFreshness {
	t.Helper()
	var list apidiscoveryv2.APIGroupDiscoveryList
	got := do(t, client(t, s.Config), http.MethodGet, s.URL+"/apis", nil, http.Header{"Accept": {discovery.AcceptV2}})
	testutil.Check(t, json.Unmarshal([]byte(got.body), &list))
	for _, group := range list.Items {
		for _, version := range group.Versions {
			if group.Name == gv.Group && version.Version == gv.Version {
				return version.Freshness
			}
		}
	}
	return ""
}
