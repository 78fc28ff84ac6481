package aggregator_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

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
	http1 := restclient.CopyConfig(s.Config)
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
	if got := do(t, client(t, s.Config), http.MethodGet, s.URL+"/apis/toys.example.com/v1/toys", nil, nil); got.code != http.StatusOK {
		t.Fatalf("%d %s", got.code, got.body)
	}

	stranger := client(t, restclient.AnonymousClientConfig(s.Config))
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
		testutil.Check(t, err)
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
		body := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB, more than the server accepts in its own APIs
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
		testutil.Check(t, err)
		request.Header.Set("Connection", "Upgrade")
		request.Header.Set("Upgrade", "echo")
		http1 := restclient.CopyConfig(s.Config)
		http1.NextProtos = []string{"http/1.1"}
		response, err := client(t, http1).Do(request)
		testutil.Check(t, err)
		stream, ok := response.Body.(io.ReadWriteCloser)
		if response.StatusCode != http.StatusSwitchingProtocols || !ok {
			t.Fatalf("%d %T", response.StatusCode, response.Body)
		}
		defer stream.Close()
		_, err = io.WriteString(stream, "hello\n")
		testutil.Check(t, err)
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
		testutil.Check(t, err)
		has := slices.ContainsFunc(lists, func(l *metav1.APIResourceList) bool {
			return l.GroupVersion == toys.String() && len(l.APIResources) == 1 && l.APIResources[0].Kind == "Toy"
		})
		if !has {
			t.Errorf("discovery (legacy: %t) lacks toys: %v", legacy, lists)
		}
	}
	groups, err := found.ServerGroups()
	testutil.Check(t, err)
	if first := groups.Groups[1].Name; first != "apiregistration.k8s.io" { // Groups[0] is the core group
		t.Errorf("the first group is %s", first)
	}
	if _, err := kubernetes.NewForConfigOrDie(s.Config).AppsV1().Deployments("default").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("the server's own APIs: %v", err)
	}
}

// TestOpenAPIIsMerged reads the merged documents in each version and encoding.
func TestOpenAPIIsMerged(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	const path = "/apis/toys.example.com/v1/toys"
	document := `{"swagger":"2.0","info":{"title":"toys","version":"v1"},"paths":{"` + path +
		`":{"get":{"operationId":"listToys","responses":{"200":{"description":"OK"}}}}}}`
	register(t, s, server.API{GroupVersions: []schema.GroupVersion{toys}, Handler: backend(toys, map[string]http.HandlerFunc{
		"/openapi/v2": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, document)
		},
	})})
	admin := client(t, s.Config)
	for _, tt := range []struct{ url, accept, contains, own string }{
		{"/openapi/v2", "application/json", path, "/apis/apps/v1/deployments"},
		{"/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf", path, "/apis/apps/v1/deployments"},
		{"/openapi/v3", "application/json", "apis/toys.example.com/v1", "apis/apps/v1"},
		{"/openapi/v3/apis/toys.example.com/v1", "application/json", path, "listToys"},
	} {
		eventually(t, tt.url+" as "+tt.accept, func() bool {
			got := do(t, admin, http.MethodGet, s.URL+tt.url, nil, http.Header{"Accept": {tt.accept}})
			return got.code == http.StatusOK && strings.Contains(got.body, tt.contains) && strings.Contains(got.body, tt.own)
		})
	}
}
