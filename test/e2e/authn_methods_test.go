package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func TestBootstrapTokens(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--enable-bootstrap-token-auth"}})
	secrets := kubernetes.NewForConfigOrDie(s.Config).CoreV1().Secrets(metav1.NamespaceSystem)
	const token, value = "abcdef.0123456789abcdef", "0123456789abcdef"
	data := func(changes ...string) map[string]string {
		d := map[string]string{"token-id": "abcdef", "token-secret": value, "usage-bootstrap-authentication": "true",
			"expiration": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "auth-extra-groups": "system:bootstrappers:kubeadm"}
		for i := 0; i < len(changes); i += 2 {
			if d[changes[i]] = changes[i+1]; changes[i+1] == "" {
				delete(d, changes[i])
			}
		}
		return d
	}
	for _, tt := range []struct {
		name, token string
		data        map[string]string
		want        bool
	}{
		{"good", token, data(), true},
		{"no expiration", token, data("expiration", ""), true},
		{"wrong secret", "abcdef.0123456789abcdee", data(), false},
		{"empty secret", "abcdef.", data("token-secret", ""), false},
		{"another id", "abcdeg." + value, data(), false},
		{"id of another secret", token, data("token-id", "abcdeg"), false},
		{"expired", token, data("expiration", "2020-01-01T00:00:00Z"), false},
		{"unreadable expiration", token, data("expiration", "tomorrow"), false},
		{"not for authentication", token, data("usage-bootstrap-authentication", "false"), false},
		{"without usage", token, data("usage-bootstrap-authentication", ""), false},
		{"a group that is not for it", token, data("auth-extra-groups", "system:masters"), false},
		{"upper case", "ABCDEF." + value, data(), false},
	} {
		secret := &corev1.Secret{ObjectMeta: named("bootstrap-token-abcdef"), Type: "bootstrap.kubernetes.io/token", StringData: tt.data}
		_, err := secrets.Create(t.Context(), secret, metav1.CreateOptions{})
		testutil.Check(t, err)
		user, err := whoami(t, withToken(s.Config, tt.token))
		want := authenticationv1.UserInfo{Username: "system:bootstrap:abcdef",
			Groups: []string{"system:bootstrappers", "system:bootstrappers:kubeadm", "system:authenticated"}}
		if tt.want && (err != nil || !reflect.DeepEqual(user, want)) || !tt.want && !isUnauthorized(err) {
			t.Errorf("%s: %+v, %v", tt.name, user, err)
		}
		testutil.Check(t, secrets.Delete(t.Context(), secret.Name, metav1.DeleteOptions{}))
		eventually(t, "the token of a deleted secret is refused", func() bool {
			_, err := whoami(t, withToken(s.Config, tt.token))
			return isUnauthorized(err)
		})
	}
	secret := &corev1.Secret{ObjectMeta: named("bootstrap-token-abcdef"), Type: corev1.SecretTypeOpaque, StringData: data()}
	_, err := secrets.Create(t.Context(), secret, metav1.CreateOptions{})
	testutil.Check(t, err)
	// The secret before, which had the type, may be known a moment longer.
	eventually(t, "a secret of another type is refused", func() bool {
		_, err := whoami(t, withToken(s.Config, token))
		return isUnauthorized(err)
	})
}

func TestFrontProxy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := testserver.Start(t, testserver.Options{DataDir: dir})
	own := filepath.Join(dir, "pki")
	stranger := filepath.Join(t.TempDir(), "pki")
	_, err := pki.Ensure(stranger, pki.Request{Now: time.Now()})
	testutil.Check(t, err)
	as := func(dir, name string) *restclient.Config {
		config := restclient.AnonymousClientConfig(s.Config)
		if name != "" {
			config.CertFile, config.KeyFile = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
		}
		return config
	}
	alice := []string{"X-Remote-User", "alice", "X-Remote-Group", "dev", "X-Remote-Uid", "7", "X-Remote-Extra-Example.com%2fScopes", "a"}
	for _, tt := range []struct {
		name   string
		config *restclient.Config
		want   string
		code   int
	}{
		{"the front proxy", as(own, "front-proxy-client"), "alice", 201},
		{"the administrator's certificate", as(own, "admin"), "kubernetes-admin", 201},
		{"a proxy of another CA", as(stranger, "front-proxy-client"), "", 401},
		{"no certificate", as("", ""), "system:anonymous", 403},
	} {
		r := send(t, tt.config, request{method: http.MethodPost, path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
			body: []byte(`{}`), headers: append([]string{"Content-Type", "application/json"}, alice...)})
		var review authenticationv1.SelfSubjectReview
		decode(t, r, &review)
		user := review.Status.UserInfo
		if r.code != tt.code || r.code == 201 && user.Username != tt.want {
			t.Errorf("%s: %d %s", tt.name, r.code, r.body)
		}
		if want := (authenticationv1.UserInfo{Username: "alice", UID: "7", Groups: []string{"dev", "system:authenticated"},
			Extra: map[string]authenticationv1.ExtraValue{"example.com/scopes": {"a"}}}); tt.want == "alice" && !reflect.DeepEqual(user, want) {
			t.Errorf("%s: %+v", tt.name, user)
		}
	}

	// This ConfigMap tells aggregated servers how to authenticate requests.
	maps := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ConfigMaps(metav1.NamespaceSystem)
	info := func() map[string]string {
		m, err := maps.Get(t.Context(), "extension-apiserver-authentication", metav1.GetOptions{})
		if err != nil {
			return nil
		}
		return m.Data
	}
	ca, err := os.ReadFile(filepath.Join(own, "front-proxy-ca.crt"))
	testutil.Check(t, err)
	told := func() bool {
		return info()["requestheader-client-ca-file"] == string(ca) && info()["requestheader-username-headers"] == `["X-Remote-User"]` &&
			info()["requestheader-allowed-names"] == `["front-proxy-client"]` && info()["client-ca-file"] != ""
	}
	eventually(t, "the ConfigMap is there", told)
	testutil.Check(t, maps.Delete(t.Context(), "extension-apiserver-authentication", metav1.DeleteOptions{}))
	eventually(t, "the ConfigMap comes back", told)
}

// TestCredentialFilesAreFollowed changes the files while the server runs.
func TestCredentialFilesAreFollowed(t *testing.T) {
	t.Parallel()
	authority := func() *pki.PKI {
		keys, err := pki.Ensure(filepath.Join(t.TempDir(), "pki"), pki.Request{Hosts: []string{"kubernetes"}, Now: time.Now()})
		testutil.Check(t, err)
		return keys
	}
	read := func(name string) string {
		content, err := os.ReadFile(name)
		testutil.Check(t, err)
		return string(content)
	}
	first, second := authority(), authority()
	tokens := file(t, "tokens.csv", "one,first,1\n")
	clientCA := file(t, "ca.crt", read(first.CA.CertFile))
	proxyCA := file(t, "proxy-ca.crt", read(first.FrontProxyCA.CertFile))
	serving := pki.Pair{CertFile: file(t, "tls.crt", read(first.Serving.CertFile)), KeyFile: file(t, "tls.key", read(first.Serving.KeyFile))}
	s := testserver.Start(t, testserver.Options{Flags: []string{
		"--token-auth-file=" + tokens, "--client-ca-file=" + clientCA, "--requestheader-client-ca-file=" + proxyCA,
		"--requestheader-username-headers=X-Remote-User", "--tls-cert-file=" + serving.CertFile, "--tls-private-key-file=" + serving.KeyFile,
	}})

	base := restclient.AnonymousClientConfig(s.Config)
	base.TLSClientConfig = restclient.TLSClientConfig{Insecure: true}
	knows := func(change func(*restclient.Config)) bool {
		config := restclient.CopyConfig(base)
		change(config)
		return send(t, config, request{path: "/api", headers: []string{"X-Remote-User", "somebody"}}).code == http.StatusOK
	}
	token := func(value string) func(*restclient.Config) {
		return func(c *restclient.Config) { c.BearerToken = value }
	}
	cert := func(pair pki.Pair) func(*restclient.Config) {
		return func(c *restclient.Config) { c.CertFile, c.KeyFile = pair.CertFile, pair.KeyFile }
	}
	for name, credentials := range map[string]func(*restclient.Config){
		"token": token("one"), "certificate": cert(first.Admin), "front proxy": cert(first.FrontProxyClient)} {
		if !knows(credentials) {
			t.Errorf("the first %s is refused", name)
		}
	}
	testutil.Check(t, os.WriteFile(tokens, []byte("two,second,2\n"), 0o600))
	testutil.Check(t, os.WriteFile(clientCA, []byte(read(second.CA.CertFile)), 0o600))
	testutil.Check(t, os.WriteFile(proxyCA, []byte(read(second.FrontProxyCA.CertFile)), 0o600))
	testutil.Check(t, os.WriteFile(serving.CertFile, []byte(read(second.Serving.CertFile)), 0o600))
	testutil.Check(t, os.WriteFile(serving.KeyFile, []byte(read(second.Serving.KeyFile)), 0o600))
	for name, credentials := range map[string][2]func(*restclient.Config){
		"token": {token("one"), token("two")}, "certificate": {cert(first.Admin), cert(second.Admin)},
		"front proxy": {cert(first.FrontProxyClient), cert(second.FrontProxyClient)}} {
		eventually(t, "the second "+name+" counts and the first does not", func() bool { return knows(credentials[1]) && !knows(credentials[0]) })
	}
	eventually(t, "the second serving certificate is used", func() bool {
		config := restclient.CopyConfig(base)
		config.TLSClientConfig = restclient.TLSClientConfig{CAFile: second.CA.CertFile, ServerName: "kubernetes"}
		client, err := restclient.HTTPClientFor(config)
		testutil.Check(t, err)
		r, err := client.Get(s.URL + "/livez")
		if err == nil {
			_ = r.Body.Close()
		}
		return err == nil
	})
}
