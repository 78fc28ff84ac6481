package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	oidc "github.com/coreos/go-oidc"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/util/keyutil"

	saauthentication "github.com/gatehouse-k8s/gatehouse/pkg/authentication/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// robot creates a service account and returns a token for it.
func robot(t *testing.T, s *testserver.Server, audiences ...string) string {
	t.Helper()
	accounts := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ServiceAccounts("default")
	_, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "robot"}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	req := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: audiences}}
	return must(accounts.CreateToken(t.Context(), "robot", req, metav1.CreateOptions{}))(t).Status.Token
}

// with returns a client configuration that uses the token.
func with(s *testserver.Server, token string) *restclient.Config {
	config := restclient.AnonymousClientConfig(s.Config)
	config.BearerToken = token
	return config
}

// knows reports whether the server accepts a token. The request is forbidden
// for the service account: 403 means that the token was accepted, 401 that it
// was not.
func knows(t *testing.T, s *testserver.Server, token string) bool {
	t.Helper()
	_, err := kubernetes.NewForConfigOrDie(with(s, token)).CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) && !apierrors.IsUnauthorized(err) {
		t.Fatal(err)
	}
	return apierrors.IsForbidden(err)
}

// TestOthersCanVerifyTokens uses an OpenID Connect library, which reads the
// keys from the server with the rights of a service account.
func TestOthersCanVerifyTokens(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	address := listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	listener.Close()
	issuer := "https://" + address
	s := testserver.Start(t, testserver.Options{Flags: []string{
		"--secure-port=" + port, "--service-account-issuer=" + issuer, "--service-account-jwks-uri=" + issuer + serviceaccount.JWKSPath,
	}})
	client := must(restclient.HTTPClientFor(with(s, robot(t, s))))(t)
	ctx := oidc.ClientContext(t.Context(), client)

	provider := must(oidc.NewProvider(ctx, issuer))(t)
	verifier := provider.Verifier(&oidc.Config{ClientID: "vault"})
	verified := must(verifier.Verify(ctx, robot(t, s, "vault")))(t)
	if verified.Subject != "system:serviceaccount:default:robot" || verified.Issuer != issuer {
		t.Errorf("%+v", verified)
	}
	if _, err := verifier.Verify(ctx, robot(t, s, "bank")); err == nil {
		t.Error("a token for another audience was accepted")
	}
	for path, contentType := range map[string]string{serviceaccount.ConfigurationPath: "application/json", serviceaccount.JWKSPath: "application/jwk-set+json"} {
		resp := must(client.Get(s.URL + path))(t)
		resp.Body.Close()
		if h := resp.Header; h.Get("Content-Type") != contentType || h.Get("Cache-Control") != "public, max-age=3600" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestDiscoveryNeedsAnHTTPSIssuer(t *testing.T) {
	s := testserver.Start(t, testserver.Options{Flags: []string{"--service-account-issuer=kubernetes/serviceaccount/old"}})
	client := must(restclient.HTTPClientFor(s.Config))(t)
	for _, path := range []string{serviceaccount.ConfigurationPath, serviceaccount.JWKSPath} {
		resp := must(client.Get(s.URL + path))(t)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
	if !knows(t, s, robot(t, s)) {
		t.Error("tokens of an issuer that is not a URL are not accepted")
	}
}

func TestTokenAudience(t *testing.T) {
	s := testserver.Start(t)
	if !knows(t, s, robot(t, s)) || knows(t, s, robot(t, s, "vault")) {
		t.Error("a token for this server is refused, or a token for another audience is accepted")
	}
}

func TestIssuedCredentialIsAudited(t *testing.T) {
	dir := t.TempDir()
	policy, log := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "audit.log")
	if err := os.WriteFile(policy, []byte(`{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := testserver.Start(t, testserver.Options{Flags: []string{"--audit-policy-file=" + policy, "--audit-log-path=" + log, "--audit-log-mode=blocking"}})
	knows(t, s, robot(t, s))
	text := string(must(os.ReadFile(log))(t))
	const issued, used = `"authentication.kubernetes.io/issued-credential-id":"JTI=`, `"authentication.kubernetes.io/credential-id":["JTI=`
	_, after, found := strings.Cut(text, issued)
	if id, _, _ := strings.Cut(after, `"`); !found || !strings.Contains(text, used+id) {
		t.Errorf("the token that was issued is not the one that was used:\n%s", text)
	}
}

func TestKeysAreReplacedWithoutRestart(t *testing.T) {
	dir := t.TempDir()
	signing, public := filepath.Join(dir, "sa.key"), filepath.Join(dir, "sa.pub")
	newKey := func() []byte {
		return must(keyutil.MarshalPrivateKeyToPEM(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)))(t)
	}
	put := func(file string, data ...byte) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	older, newer := newKey(), newKey()
	put(signing, older...)
	put(public, older...)
	s := testserver.Start(t, testserver.Options{Flags: []string{"--service-account-signing-key-file=" + signing, "--service-account-key-file=" + public}})
	first := robot(t, s)
	put(public, append(older, newer...)...)
	put(signing, newer...)
	header := func(token string) string { h, _, _ := strings.Cut(token, "."); return h }
	var second string
	eventually(t, "signing with the new key", func() bool { second = robot(t, s); return header(second) != header(first) })
	if !knows(t, s, first) || !knows(t, s, second) {
		t.Error("not both keys verify")
	}
	put(public, newer...)
	eventually(t, "the end of the old key", func() bool { return !knows(t, s, first) })
	if !knows(t, s, second) {
		t.Error("the new key does not verify")
	}
}

// TestLegacyToken stores a token in a secret, as kube-controller-manager does.
func TestLegacyToken(t *testing.T) {
	data := t.TempDir()
	s := testserver.Start(t, testserver.Options{DataDir: data})
	robot(t, s)
	core, ctx := kubernetes.NewForConfigOrDie(s.Config).CoreV1(), t.Context()
	account := must(core.ServiceAccounts("default").Get(ctx, "robot", metav1.GetOptions{}))(t)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "robot-token", Annotations: map[string]string{
		corev1.ServiceAccountNameKey: "robot", corev1.ServiceAccountUIDKey: string(account.UID)}}, Type: corev1.SecretTypeServiceAccountToken}
	keys := must(serviceaccount.ReadKeys(filepath.Join(data, "pki", "sa.key")))(t)
	token := must(serviceaccount.New(serviceaccount.Config{Keys: keys, Issuers: []string{"-"}}).Sign(ctx, serviceaccount.NewLegacyClaims(account, secret)))(t)
	if knows(t, s, token) {
		t.Error("accepted without the secret")
	}
	secret.Data = map[string][]byte{corev1.ServiceAccountTokenKey: []byte(token)}
	must(core.Secrets("default").Create(ctx, secret, metav1.CreateOptions{}))(t)
	eventually(t, "the token in the secret is good", func() bool { return knows(t, s, token) })
	eventually(t, "the label of the last use", func() bool {
		got := must(core.Secrets("default").Get(ctx, secret.Name, metav1.GetOptions{}))(t)
		return got.Labels[saauthentication.LastUsedLabel] == time.Now().UTC().Format(time.DateOnly)
	})
	eventually(t, "the config map", func() bool {
		tracking, err := core.ConfigMaps("kube-system").Get(ctx, "kube-apiserver-legacy-service-account-token-tracking", metav1.GetOptions{})
		return err == nil && tracking.Data["since"] != ""
	})
	if err := core.Secrets("default").Delete(ctx, secret.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the token ends with its secret", func() bool { return !knows(t, s, token) })
}

func TestTokensEndWithTheirObjects(t *testing.T) {
	s := testserver.Start(t)
	token := robot(t, s)
	if !knows(t, s, token) {
		t.Fatal("not accepted")
	}
	accounts := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ServiceAccounts("default")
	if err := accounts.Delete(t.Context(), "robot", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the token ends", func() bool { return !knows(t, s, token) })
	second := robot(t, s) // the token of a new service account with the same name
	if !knows(t, s, second) || knows(t, s, token) {
		t.Error("the token of the old account is accepted for the new one of the same name, or the new token is refused")
	}
}
