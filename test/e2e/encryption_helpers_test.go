package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
	"github.com/gatehouse-k8s/gatehouse/test/e2e/kmsprovider"
)

// secretText is the text that must not be found in etcd.
const secretText = "the-secret-text"

// encryptionConfig encrypts the resources, which are separated by commas, with the
// first of the providers, and decrypts them with all.
func encryptionConfig(resources string, providers ...string) string {
	return fmt.Sprintf("apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: [{resources: [%s], providers: [%s]}]\n",
		resources, strings.Join(providers, ", "))
}

const identity = "{identity: {}}"

// keyed returns a provider of a kind, such as aescbc, with keys of these names. The
// name of a key tells the key.
func keyed(kind string, names ...string) string {
	var keys []string
	for _, name := range names {
		sum := sha256.Sum256([]byte(name))
		keys = append(keys, fmt.Sprintf("{name: %s, secret: %s}", name, base64.StdEncoding.EncodeToString(sum[:])))
	}
	return fmt.Sprintf("{%s: {keys: [%s]}}", kind, strings.Join(keys, ", "))
}

// kmsProvider starts a key management service, and returns it with its entry in the
// encryption configuration.
func kmsProvider(t testing.TB, version, name string) (*kmsprovider.Provider, string) {
	t.Helper()
	p, err := kmsprovider.New()
	testutil.Check(t, err)
	t.Cleanup(p.Close)
	testutil.Check(t, p.Start())
	return p, fmt.Sprintf("{kms: {apiVersion: %s, name: %s, endpoint: %q, timeout: 5s}}", version, name, p.Endpoint())
}

// encrypted is a server with an encryption configuration. It can be restarted.
type encrypted struct {
	t         testing.TB
	dir, etcd string
	// file is the encryption configuration.
	file string
	args []string
	// config is the administrator's configuration of the server that runs now.
	config *restclient.Config
	stop   func()
}

// startEncrypted starts a server with an empty data directory.
func startEncrypted(t testing.TB, config string, args ...string) *encrypted {
	t.Helper()
	e := &encrypted{t: t, dir: t.TempDir(), etcd: "http://" + freeAddress(t), stop: func() {}}
	e.file = filepath.Join(t.TempDir(), "encryption.yaml")
	e.args = append(args, "--data-dir="+e.dir, "--embedded-etcd-listen-client-url="+e.etcd, "--encryption-provider-config="+e.file)
	t.Cleanup(func() { e.stop() })
	e.start(config)
	return e
}

func (e *encrypted) start(config string) {
	e.t.Helper()
	e.write(config)
	s, err := testserver.New(e.t.Context(), testserver.Options{Flags: e.args})
	testutil.Check(e.t, err)
	e.config = s.Config
	e.stop = func() { testutil.Check(e.t, s.Stop()) }
}

// launch starts the server again as a process, and waits only until its port is
// open: it may never become ready.
func (e *encrypted) launch(config string, args ...string) {
	e.t.Helper()
	e.stop()
	e.write(config)
	address := freeAddress(e.t)
	_, port, err := net.SplitHostPort(address)
	testutil.Check(e.t, err)
	p := launch(e.t, slices.Concat(e.args, args, []string{"--secure-port=" + port,
		"--token-auth-file=" + file(e.t, "tokens.csv", "admin-token,admin,1,system:masters\n")})...)
	e.config = &restclient.Config{Host: "https://" + address, BearerToken: "admin-token", TLSClientConfig: restclient.TLSClientConfig{Insecure: true}}
	e.stop = func() {
		_ = p.cmd.Process.Signal(os.Interrupt) // the process may have ended
		p.exit()
	}
	eventually(e.t, "the server listens", func() bool {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	})
}

// restart starts the server again with a configuration.
func (e *encrypted) restart(config string) {
	e.t.Helper()
	e.stop()
	e.start(config)
}

// write replaces the configuration file at once, as editors and kubelets do.
func (e *encrypted) write(config string) {
	e.t.Helper()
	testutil.Check(e.t, os.WriteFile(e.file+".new", []byte(config), 0o600))
	testutil.Check(e.t, os.Rename(e.file+".new", e.file))
}

// reload replaces the configuration file and waits until the metrics count that the
// server uses it. The metrics are those of the process: of its servers only one may
// reload its configuration. (For the same reason the hash in the metrics does not
// serve here: it is that of the server that has started last.)
func (e *encrypted) reload(config string) {
	e.t.Helper()
	before := e.reloads("success")
	e.write(config)
	eventually(e.t, "the configuration is in use", func() bool { return e.reloads("success") != before })
}

var reloadsTotal = regexp.MustCompile(`apiserver_encryption_config_controller_automatic_reloads_total\{[^}]*status="(\w+)"\} (\d+)`)

// reloads returns the count of the reloads with a status, or an empty text before the
// first one.
func (e *encrypted) reloads(status string) string {
	e.t.Helper()
	for _, m := range reloadsTotal.FindAllStringSubmatch(string(send(e.t, e.config, request{path: "/metrics"}).body), -1) {
		if m[1] == status {
			return m[2]
		}
	}
	return ""
}

// client returns a client of the server that runs now.
func (e *encrypted) client() kubernetes.Interface { return kubernetes.NewForConfigOrDie(e.config) }

// create makes a secret in the namespace default.
func (e *encrypted) create(name string) {
	e.t.Helper()
	_, err := e.client().CoreV1().Secrets("default").Create(e.t.Context(), &corev1.Secret{ObjectMeta: named(name),
		StringData: map[string]string{"key": secretText}}, metav1.CreateOptions{})
	testutil.Check(e.t, err)
}

// reads checks that secrets can be read from etcd, one by one and in a list.
func (e *encrypted) reads(names ...string) {
	e.t.Helper()
	for _, name := range names {
		s, err := e.client().CoreV1().Secrets("default").Get(e.t.Context(), name, metav1.GetOptions{})
		if err != nil || string(s.Data["key"]) != secretText {
			e.t.Errorf("%s: %v, %v", name, s.Data, err)
		}
	}
	list, err := e.client().CoreV1().Secrets("default").List(e.t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != len(names) {
		e.t.Errorf("%d of %d secrets, %v", len(list.Items), len(names), err)
	}
}

// fails checks that a secret cannot be read.
func (e *encrypted) fails(name, message string) {
	e.t.Helper()
	r := send(e.t, e.config, request{path: "/api/v1/namespaces/default/secrets/" + name})
	if r.code != http.StatusInternalServerError || r.status().Message != message {
		e.t.Errorf("%d %s\nwant 500 %s", r.code, r.body, message)
	}
}

// corrupt is kube-apiserver's message for a secret in the namespace default that
// cannot be decrypted.
func corrupt(name, reason string) string {
	return fmt.Sprintf("Internal error occurred: StorageError: corrupt object, Code: 7, Key: /secrets/default/%s, ResourceVersion: 0, "+
		"AdditionalErrorMsg: data from the storage is not transformable revision=0: %s", name, reason)
}

// stored checks with which prefix the value of a key in etcd begins. An encrypted
// one must not contain the secret text.
func (e *encrypted) stored(key, prefix string) {
	e.t.Helper()
	value, ok := e.values(key)[key]
	if !ok || !strings.HasPrefix(value, prefix) || strings.HasPrefix(prefix, "k8s:enc:") && strings.Contains(value, secretText) {
		e.t.Errorf("%s is stored as %.200q, want %q", key, value, prefix)
	}
}

// values returns what etcd has below a prefix.
func (e *encrypted) values(prefix string) map[string]string {
	e.t.Helper()
	answer, err := etcdClient(e.t, e.etcd).Get(e.t.Context(), prefix, clientv3.WithPrefix())
	testutil.Check(e.t, err)
	values := map[string]string{}
	for _, kv := range answer.Kvs {
		values[string(kv.Key)] = string(kv.Value)
	}
	return values
}

// without returns the keys in etcd whose values do not have a prefix.
func (e *encrypted) without(prefix string) (keys []string) {
	e.t.Helper()
	values := e.values("/registry/")
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !strings.HasPrefix(values[key], prefix) {
			keys = append(keys, key)
		}
	}
	return keys
}
