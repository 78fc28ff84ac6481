package e2e

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

var errSealed = errors.New("the vault is sealed")

// healthOf checks the health of a server with a key management service. check is
// the path of its health check.
func healthOf(t testing.TB, config *restclient.Config, check string, code int, text string) {
	t.Helper()
	var last response
	eventually(t, "the health of the key management service", func() bool {
		last = send(t, config, request{path: check})
		return last.code == code && strings.Contains(string(last.body), text)
	})
}

// TestKMS stores secrets with a key management service that fails for a while and
// changes its key.
func TestKMS(t *testing.T) {
	t.Parallel()
	const key = "/registry/secrets/default/"
	kms, provider := kmsProvider(t, "v2", "failing")
	config := encryptionConfig("secrets", provider, identity)
	e := startEncrypted(t, config)
	for _, path := range []string{"/healthz", "/readyz", "/healthz/kms-providers", "/readyz/kms-providers"} {
		if r := send(t, e.config, request{path: path}); r.code != http.StatusOK {
			t.Errorf("%s: %d %s", path, r.code, r.body)
		}
	}
	if r := send(t, e.config, request{path: "/healthz?verbose"}); !strings.Contains(string(r.body), "[+]etcd ok\n[+]kms-providers ok\n") {
		t.Errorf("the checks are in another order than kube-apiserver's: %s", r.body)
	}
	if r := send(t, e.config, request{path: "/livez/kms-providers"}); r.code != http.StatusNotFound {
		t.Errorf("/livez/kms-providers: %d %s", r.code, r.body)
	}
	e.create("before")

	kms.Fail(errSealed)
	healthOf(t, e.config, "/readyz/kms-providers", http.StatusInternalServerError,
		"internal server error: kms-provider-0: rpc error: code = Unknown desc = the vault is sealed")
	healthOf(t, e.config, "/healthz", http.StatusInternalServerError, "[-]kms-providers failed: reason withheld")
	healthOf(t, e.config, "/livez", http.StatusOK, "ok")
	e.create("meanwhile") // the server still knows the key
	e.reads("before", "meanwhile")

	kms.Use("key-2")
	kms.Fail(nil)
	healthOf(t, e.config, "/readyz", http.StatusOK, "ok")
	e.create("after")
	for name, used := range map[string]string{"before": "key-1", "meanwhile": "key-1", "after": "key-2"} {
		e.stored(key+name, "k8s:enc:kms:v2:failing:")
		if !strings.Contains(e.values(key + name)[key+name], used) {
			t.Errorf("%s does not name the key %s", name, used)
		}
	}
	e.restart(config)
	e.reads("before", "meanwhile", "after")
}

// TestKMSDownAtStart starts a server whose key management service does not run. It
// serves what is not encrypted, and becomes ready when the service runs.
func TestKMSDownAtStart(t *testing.T) {
	t.Parallel()
	kms, provider := kmsProvider(t, "v2", "down")
	config := encryptionConfig("secrets", provider)
	e := startEncrypted(t, config)
	e.create("s")
	kms.Stop()
	e.launch(config)
	healthOf(t, e.config, "/readyz/kms-providers", http.StatusInternalServerError, "internal server error: kms-provider-0: rpc error: code = ")
	healthOf(t, e.config, "/readyz", http.StatusInternalServerError, "[-]kms-providers failed: reason withheld")
	healthOf(t, e.config, "/readyz", http.StatusInternalServerError, "[-]poststarthook/storage-readiness failed: reason withheld")
	e.fails("s", corrupt("s", "got unexpected nil transformer"))
	r := send(t, e.config, request{method: http.MethodPost, path: "/api/v1/namespaces/default/secrets", body: []byte(`{"metadata":{"name":"t"}}`),
		headers: []string{"Content-Type", "application/json"}})
	if want := "Internal error occurred: got unexpected nil transformer"; r.code != http.StatusInternalServerError || r.status().Message != want {
		t.Errorf("create: %d %s\nwant 500 %s", r.code, r.body, want)
	}
	_, err := kubernetes.NewForConfigOrDie(e.config).CoreV1().ConfigMaps("default").Create(t.Context(), configMap("plain"), metav1.CreateOptions{})
	testutil.Check(t, err)

	testutil.Check(t, kms.Start())
	healthOf(t, e.config, "/readyz", http.StatusOK, "ok")
	e.reads("s")
}

// TestEncryptionWithAnotherKey starts a server whose key has the right name, but is
// another one.
func TestEncryptionWithAnotherKey(t *testing.T) {
	t.Parallel()
	e := startEncrypted(t, encryptionConfig("secrets", keyed("aesgcm", "key1")))
	e.create("s")
	e.launch(strings.Replace(encryptionConfig("secrets", keyed("aesgcm", "key2")), "key2", "key1", 1))
	e.fails("s", corrupt("s", "cipher: message authentication failed"))
	r := send(t, e.config, request{path: "/api/v1/namespaces/default/secrets?limit=500"})
	if want := "failed to read one or more secrets from the storage"; r.code != http.StatusInternalServerError || !strings.HasPrefix(r.status().Message, want) {
		t.Errorf("list: %d %s\nwant 500 %s", r.code, r.body, want)
	}
	healthOf(t, e.config, "/readyz", http.StatusInternalServerError, "[-]poststarthook/storage-readiness failed: reason withheld")
}

// TestKMSv1 stores secrets with the old version of the plugin API, which is behind
// a feature gate.
func TestKMSv1(t *testing.T) {
	t.Parallel()
	kms, provider := kmsProvider(t, "v1", "old")
	config := encryptionConfig("secrets", provider)
	e := startEncrypted(t, encryptionConfig("secrets", identity))
	e.launch(config, "--feature-gates=KMSv1=true")
	healthOf(t, e.config, "/readyz", http.StatusOK, "ok")
	healthOf(t, e.config, "/healthz/kms-provider-0", http.StatusOK, "ok")
	e.create("s")
	e.stored("/registry/secrets/default/s", "k8s:enc:kms:v1:old:")

	kms.Fail(errSealed)
	e.launch(config, "--feature-gates=KMSv1=true")
	healthOf(t, e.config, "/readyz", http.StatusInternalServerError, "[-]kms-provider-0 failed: reason withheld")
	healthOf(t, e.config, "/healthz/kms-provider-0", http.StatusInternalServerError,
		"internal server error: rpc error: code = Unknown desc = the vault is sealed")
	e.fails("s", corrupt("s", "rpc error: code = Unknown desc = the vault is sealed"))
	kms.Fail(nil)
	healthOf(t, e.config, "/readyz", http.StatusOK, "ok")
	e.reads("s")
}
