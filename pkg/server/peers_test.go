package server_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// get returns the code and the body of a GET request.
func get(t *testing.T, config *restclient.Config, path, accept string) (int, string) {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, config.Host+path, nil))(t)
	req.Header.Set("Accept", accept)
	resp := must(must(restclient.HTTPClientFor(config))(t).Do(req))(t)
	defer resp.Body.Close()
	return resp.StatusCode, string(must(io.ReadAll(resp.Body))(t))
}

// TestPeers runs two servers on one etcd, of which the second serves a version that the first does
// not serve.
func TestPeers(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	etcd := "http://" + listener.Addr().String()
	listener.Close()
	data := t.TempDir()
	host := must(os.Hostname())(t)
	t.Cleanup(func() { genericapiserver.SetHostnameFuncForTests(host) })
	genericapiserver.SetHostnameFuncForTests("newer")
	newer := testserver.Start(t, testserver.Options{DataDir: data, Flags: []string{"--embedded-etcd-listen-client-url=" + etcd,
		"--peer-advertise-ip=127.0.0.1"}})
	genericapiserver.SetHostnameFuncForTests("older")
	pki := filepath.Join(data, "pki")
	older := testserver.Start(t, testserver.Options{Flags: []string{"--etcd-servers=" + etcd, "--runtime-config=batch/v1=false",
		"--peer-ca-file=" + filepath.Join(pki, "ca.crt"), "--peer-advertise-ip=127.0.0.1",
		"--proxy-client-cert-file=" + filepath.Join(pki, "front-proxy-client.crt"), "--proxy-client-key-file=" + filepath.Join(pki, "front-proxy-client.key")}})

	const jobs = "/apis/batch/v1/namespaces/default/jobs"
	eventually(t, "the request is forwarded", func() bool {
		code, body := get(t, older.Config, jobs, "application/json")
		return code == http.StatusOK && strings.Contains(body, "JobList")
	})
	const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	eventually(t, "discovery has what the other server serves", func() bool {
		_, body := get(t, older.Config, "/apis", aggregated)
		return strings.Contains(body, `"cronjobs"`)
	})
	if _, body := get(t, older.Config, "/apis", aggregated+";profile=nopeer"); strings.Contains(body, `"cronjobs"`) {
		t.Error("the server's own discovery has what only the other serves")
	}
	// The other server decides with the rights of the user.
	account := with(older, robot(t, older))
	if code, _ := get(t, account, jobs, "application/json"); code != http.StatusForbidden {
		t.Errorf("a service account without rights lists jobs: %d", code)
	}
	if code, _ := get(t, newer.Config, "/apis/nothing.example.com/v1/none", "application/json"); code != http.StatusNotFound {
		t.Errorf("what nobody serves: %d", code)
	}

	leases, err := kubernetes.NewForConfigOrDie(newer.Config).CoordinationV1().Leases("kube-system").List(t.Context(),
		metav1.ListOptions{LabelSelector: "apiserver.kubernetes.io/identity=kube-apiserver"})
	testutil.Check(t, err)
	addresses := map[string]bool{}
	for _, lease := range leases.Items {
		addresses["https://"+lease.Annotations[corev1.AnnotationPeerAdvertiseAddress]] = true
	}
	if len(addresses) != 2 || !addresses[older.URL] || !addresses[newer.URL] {
		t.Errorf("the identity leases name %v, not %s and %s", addresses, older.URL, newer.URL)
	}
}
