package aggregator_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// patience is long enough for a busy machine.
const patience = 30 * time.Second

var toys = schema.GroupVersion{Group: "toys.example.com", Version: "v1"}

// TestMain drops the log of the servers.
func TestMain(m *testing.M) {
	klog.SetLogger(klog.Logger{})
	m.Run()
}

// backend serves the discovery of toys and what routes add.
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

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func register(t testing.TB, s *testserver.Server, api server.API) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	check(t, s.RegisterAPI(ctx, api))
}

// client is an HTTP client of the administrator's.
func client(t testing.TB, c *rest.Config) *http.Client {
	t.Helper()
	out, err := rest.HTTPClientFor(c)
	check(t, err)
	return out
}

// listen serves a handler for APIs of the service kube-system/toys-example-com,
// without a question about who asks.
func listen(t testing.TB, s *testserver.Server, handler http.Handler) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	certPEM, keyPEM, _, err := s.IssueServing("toys-example-com.kube-system.svc")
	check(t, err)
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	check(t, err)
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
	check(t, err)
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := c.Do(request)
	check(t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	check(t, err)
	return answer{response.StatusCode, response.Header, string(data)}
}

// eventually polls until a condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// freshness is how aggregated discovery has a group version; "" if not.
func freshness(t testing.TB, s *testserver.Server, gv schema.GroupVersion) apidiscoveryv2.DiscoveryFreshness {
	t.Helper()
	var list apidiscoveryv2.APIGroupDiscoveryList
	got := do(t, client(t, s.Config), http.MethodGet, s.URL+"/apis", nil, http.Header{"Accept": {discovery.AcceptV2}})
	check(t, json.Unmarshal([]byte(got.body), &list))
	for _, group := range list.Items {
		for _, version := range group.Versions {
			if group.Name == gv.Group && version.Version == gv.Version {
				return version.Freshness
			}
		}
	}
	return ""
}

func TestRequestsCarryTheUserAndNothingOfTheClients(t *testing.T) {
	s := testserver.Start(t)
	register(t, s, server.API{GroupVersions: []schema.GroupVersion{toys}, URL: listen(t, s, backend(toys, map[string]http.HandlerFunc{
		"/apis/toys.example.com/v1/toys": func(w http.ResponseWriter, r *http.Request) { _ = json.NewEncoder(w).Encode(r.Header) },
	}))})
	forged := http.Header{
		"X-Remote-User":          {"root"},
		"X-Remote-Group":         {"root"},
		"X-Remote-Uid":           {"root"},
		"X-Remote-Extra-Secret":  {"root"},
		"x-remote-user":          {"root"},
		"Connection":             {"X-Remote-User, X-Remote-Group"},
		"Sec-Websocket-Protocol": {"chat, base64url.bearer.authorization.k8s.io.c2VjcmV0"},
	}
	http1 := rest.CopyConfig(s.Config)
	http1.NextProtos = []string{"http/1.1"}
	admin := client(t, http1)
	for _, test := range []struct {
		name, as string
		want     http.Header
	}{
		{"the administrator", "", http.Header{
			"X-Remote-User":  {"kubernetes-admin"},
			"X-Remote-Group": {"system:masters", "system:authenticated"},
			"X-Remote-Extra-Authentication.kubernetes.io%2fcredential-Id": nil,
		}},
		{"an impersonated user", "jane", http.Header{
			"X-Remote-User":         {"jane"},
			"X-Remote-Uid":          {"7"},
			"X-Remote-Group":        {"system:masters", "system:authenticated"},
			"X-Remote-Extra-Scopes": {"a b"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := forged.Clone()
			if test.as != "" {
				header["Impersonate-User"], header["Impersonate-Group"], header["Impersonate-Uid"] = []string{test.as}, []string{"system:masters"}, []string{"7"}
				header["Impersonate-Extra-Scopes"] = []string{"a b"}
			}
			got := do(t, admin, http.MethodGet, s.URL+"/apis/toys.example.com/v1/toys", nil, header)
			var seen http.Header
			if err := json.Unmarshal([]byte(got.body), &seen); err != nil || got.code != http.StatusOK {
				t.Fatalf("%d %s", got.code, got.body)
			}
			for name, values := range seen {
				text := strings.Join(values, " ")
				if strings.Contains(text, "root") || strings.Contains(text, "bearer") || name == "Authorization" || strings.HasPrefix(name, "Impersonate-") {
					t.Errorf("the backend sees %s: %s", name, text)
				}
				if want, known := test.want[name]; strings.HasPrefix(name, "X-Remote-") && (!known || want != nil && !slices.Equal(want, values)) {
					t.Errorf("the backend sees %s: %q, not %q", name, values, want)
				}
			}
			for name := range test.want {
				if seen[name] == nil {
					t.Errorf("the backend does not see %s", name)
				}
			}
			if seen.Get("Audit-Id") == "" || seen.Get("Sec-Websocket-Protocol") != "chat" {
				t.Errorf("the backend sees %v", seen)
			}
		})
	}
}

func TestHandlersAreProtected(t *testing.T) {
	s := testserver.Start(t)
	var direct string
	register(t, s, server.API{GroupVersions: []schema.GroupVersion{toys}, Handler: backend(toys, map[string]http.HandlerFunc{
		"/apis/toys.example.com/v1/toys": func(w http.ResponseWriter, r *http.Request) {
			address, _ := r.Context().Value(http.LocalAddrContextKey).(fmt.Stringer)
			direct = "https://" + address.String()
		},
	})})
	do(t, client(t, s.Config), http.MethodGet, s.URL+"/apis/toys.example.com/v1/toys", nil, nil)

	stranger := client(t, rest.AnonymousClientConfig(s.Config))
	forged := http.Header{"X-Remote-User": {"root"}, "X-Remote-Group": {"system:masters"}}
	for _, url := range []string{s.URL, direct} {
		if got := do(t, stranger, http.MethodGet, url+"/apis/toys.example.com/v1/toys", nil, forged); got.code != http.StatusForbidden {
			t.Errorf("%s answers a stranger with %d %s", url, got.code, got.body)
		}
	}
	if got := do(t, client(t, s.Config), http.MethodGet, direct+"/apis/toys.example.com/v1", nil, nil); got.code != http.StatusOK {
		t.Errorf("the administrator's certificate is not good for the handler: %d %s", got.code, got.body)
	}
}

func TestStreamsBodiesAndRedirects(t *testing.T) {
	s := testserver.Start(t)
	more := make(chan struct{})
	register(t, s, server.API{GroupVersions: []schema.GroupVersion{toys}, Handler: backend(toys, map[string]http.HandlerFunc{
		"/apis/toys.example.com/v1/toys": func(w http.ResponseWriter, r *http.Request) {
			for _, line := range []string{"one\n", "two\n"} {
				_, _ = io.WriteString(w, line)
				w.(http.Flusher).Flush()
				select {
				case <-more:
				case <-r.Context().Done():
				}
			}
		},
		"/apis/toys.example.com/v1/namespaces/a/toys/sum": func(w http.ResponseWriter, r *http.Request) {
			hash := sha256.New()
			_, _ = io.Copy(hash, r.Body)
			fmt.Fprintf(w, "%x", hash.Sum(nil))
		},
		"/apis/toys.example.com/v1/namespaces/a/toys/away": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example.com/", http.StatusFound)
		},
		"/apis/toys.example.com/v1/namespaces/a/toys/x/exec": func(w http.ResponseWriter, r *http.Request) {
			conn, buffered, err := http.NewResponseController(w).Hijack()
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			line, _ := buffered.ReadString('\n')
			_, _ = io.WriteString(conn, "echo "+line)
		},
	})})
	admin := client(t, s.Config)
	base := s.URL + "/apis/toys.example.com/v1"

	t.Run("watch", func(t *testing.T) {
		response, err := admin.Get(base + "/toys?watch=true")
		check(t, err)
		defer response.Body.Close()
		lines := bufio.NewReader(response.Body)
		for _, want := range []string{"one\n", "two\n"} {
			if got, err := lines.ReadString('\n'); got != want || err != nil {
				t.Fatalf("%q, %v", got, err)
			}
			more <- struct{}{}
		}
	})
	t.Run("large body", func(t *testing.T) {
		body := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB, more than the server itself takes
		got := do(t, admin, http.MethodPut, base+"/namespaces/a/toys/sum", bytes.NewReader(body), nil)
		if want := fmt.Sprintf("%x", sha256.Sum256(body)); got.body != want {
			t.Errorf("%d %.100s", got.code, got.body)
		}
	})
	t.Run("redirect", func(t *testing.T) {
		got := do(t, admin, http.MethodGet, base+"/namespaces/a/toys/away", nil, nil)
		if got.code != http.StatusBadGateway || got.header.Get("Location") != "" {
			t.Errorf("%d %v", got.code, got.header)
		}
	})
	t.Run("upgrade", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/namespaces/a/toys/x/exec", nil)
		check(t, err)
		request.Header.Set("Connection", "Upgrade")
		request.Header.Set("Upgrade", "echo")
		http1 := rest.CopyConfig(s.Config)
		http1.NextProtos = []string{"http/1.1"}
		response, err := client(t, http1).Do(request)
		check(t, err)
		stream, ok := response.Body.(io.ReadWriteCloser)
		if response.StatusCode != http.StatusSwitchingProtocols || !ok {
			t.Fatalf("%d %T", response.StatusCode, response.Body)
		}
		defer stream.Close()
		_, err = io.WriteString(stream, "hello\n")
		check(t, err)
		if got, err := bufio.NewReader(stream).ReadString('\n'); got != "echo hello\n" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestClientsFindTheAPI(t *testing.T) {
	s := testserver.Start(t)
	register(t, s, server.API{GroupVersions: []schema.GroupVersion{toys}, Handler: backend(toys, nil)})
	found := discovery.NewDiscoveryClientForConfigOrDie(s.Config)
	for _, legacy := range []bool{false, true} {
		found.UseLegacyDiscovery = legacy
		_, lists, err := found.ServerGroupsAndResources()
		check(t, err)
		has := slices.ContainsFunc(lists, func(l *metav1.APIResourceList) bool {
			return l.GroupVersion == toys.String() && len(l.APIResources) == 1 && l.APIResources[0].Kind == "Toy"
		})
		if !has {
			t.Errorf("discovery (legacy: %t) lacks toys: %v", legacy, lists)
		}
	}
	groups, err := found.ServerGroups()
	check(t, err)
	if first := groups.Groups[1].Name; first != "apiregistration.k8s.io" { // the first is the core group
		t.Errorf("the first group is %s", first)
	}
	if _, err := kubernetes.NewForConfigOrDie(s.Config).AppsV1().Deployments("default").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("the server's own APIs: %v", err)
	}
}
