package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// provider is a running OpenID Connect provider.
type provider struct {
	t      testing.TB
	issuer string
	caFile string
	client *http.Client
}

// startProvider runs an OpenID Connect provider that is built from a standard
// library.
func startProvider(t testing.TB, args ...string) *provider {
	t.Helper()
	program, err := oidcProvider()
	testutil.Check(t, err)
	keys, err := pki.Ensure(filepath.Join(t.TempDir(), "pki"), pki.Request{Hosts: []string{"127.0.0.1"}, Now: time.Now()})
	testutil.Check(t, err)
	address := freeAddress(t)
	cmd := exec.CommandContext(t.Context(), program, append([]string{
		"-address", address, "-cert", keys.Serving.CertFile, "-key", keys.Serving.KeyFile}, args...)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	testutil.Check(t, err)
	testutil.Check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("the provider does not start: %v", err)
	}
	client, err := restclient.HTTPClientFor(&restclient.Config{TLSClientConfig: restclient.TLSClientConfig{CAFile: keys.CA.CertFile}})
	testutil.Check(t, err)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p := &provider{t: t, issuer: "https://" + address, caFile: keys.CA.CertFile, client: client}
	eventually(t, "the provider answers", func() bool {
		r, err := client.Get(p.issuer + "/keys")
		if err == nil {
			_ = r.Body.Close()
		}
		return err == nil
	})
	return p
}

// login performs the authorization code flow and returns the ID token.
func (p *provider) login(name string, groups ...string) string {
	p.t.Helper()
	const callback = "https://client.invalid/callback"
	r, err := p.client.Get(p.issuer + "/authorize?" + url.Values{
		"client_id": {"gatehouse"}, "response_type": {"code"}, "scope": {"openid"}, "state": {"0123456789"}, "redirect_uri": {callback},
		"login": {name}, "groups": {strings.Join(groups, ",")}, "department": {"research"}}.Encode())
	testutil.Check(p.t, err)
	_ = r.Body.Close()
	location, err := r.Location()
	testutil.Check(p.t, err)
	r, err = p.client.PostForm(p.issuer+"/token", url.Values{
		"client_id": {"gatehouse"}, "grant_type": {"authorization_code"}, "code": {location.Query().Get("code")}, "redirect_uri": {callback}})
	testutil.Check(p.t, err)
	defer r.Body.Close()
	var answer struct {
		IDToken string `json:"id_token"`
		Error   string `json:"error_description"`
	}
	testutil.Check(p.t, json.NewDecoder(r.Body).Decode(&answer))
	if answer.IDToken == "" {
		p.t.Fatalf("no ID token: %s at %s", answer.Error, location)
	}
	return answer.IDToken
}

// withToken returns the configuration of a client that uses a bearer token.
func withToken(config *restclient.Config, token string) *restclient.Config {
	config = restclient.AnonymousClientConfig(config)
	config.BearerToken = token
	return config
}

// whoami asks the server which user the credentials belong to.
func whoami(t testing.TB, config *restclient.Config) (authenticationv1.UserInfo, error) {
	t.Helper()
	review, err := kubernetes.NewForConfigOrDie(config).AuthenticationV1().SelfSubjectReviews().Create(
		t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return authenticationv1.UserInfo{}, err
	}
	return review.Status.UserInfo, nil
}

// becomes waits until the server authenticates a token as the given user.
func becomes(t testing.TB, config *restclient.Config, token string, want authenticationv1.UserInfo) {
	t.Helper()
	var got authenticationv1.UserInfo
	var err error
	defer func() {
		if t.Failed() {
			t.Logf("the user is %+v (%v), not %+v", got, err, want)
		}
	}()
	eventually(t, "the token is known", func() bool {
		got, err = whoami(t, withToken(config, token))
		if delete(got.Extra, user.CredentialIDKey); len(got.Extra) == 0 {
			got.Extra = nil // contains the ID of the token
		}
		return reflect.DeepEqual(got, want)
	})
}

func TestOIDCByFlags(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := testserver.Start(t, testserver.Options{Flags: []string{
		"--oidc-issuer-url=" + p.issuer, "--oidc-client-id=gatehouse", "--oidc-ca-file=" + p.caFile, "--oidc-username-claim=preferred_username",
		"--oidc-username-prefix=oidc:", "--oidc-groups-claim=groups", "--oidc-groups-prefix=oidc:", "--oidc-required-claim=department=research",
	}})
	token := p.login("alice", "dev", "ops")
	becomes(t, s.Config, token, authenticationv1.UserInfo{Username: "oidc:alice", Groups: []string{"oidc:dev", "oidc:ops", "system:authenticated"}})

	// stranger is a provider that the server does not know. wrong is a server that
	// expects tokens for another client.
	stranger := startProvider(t)
	for name, bad := range map[string]string{
		"token of another provider":  stranger.login("alice", "dev"),
		"token with a changed claim": changeClaim(t, token, "preferred_username", "root"),
		"token without signature":    token[:strings.LastIndex(token, ".")+1],
		"token with algorithm none":  algorithmNone(t, token),
	} {
		if _, err := whoami(t, withToken(s.Config, bad)); !isUnauthorized(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := testserver.Start(t, testserver.Options{Flags: []string{
		"--oidc-issuer-url=" + p.issuer, "--oidc-client-id=other", "--oidc-ca-file=" + p.caFile,
	}})
	if _, err := whoami(t, withToken(wrong.Config, token)); !isUnauthorized(err) {
		t.Errorf("token for another client: %v", err)
	}
}

func TestOIDCExpires(t *testing.T) {
	t.Parallel()
	p := startProvider(t, "-lifespan=3s")
	s := testserver.Start(t, testserver.Options{Flags: []string{
		"--oidc-issuer-url=" + p.issuer, "--oidc-client-id=gatehouse", "--oidc-ca-file=" + p.caFile,
	}})
	token := ""
	eventually(t, "a fresh token is known", func() bool {
		token = p.login("alice")
		user, err := whoami(t, withToken(s.Config, token))
		return err == nil && user.Username == p.issuer+"#alice"
	})
	eventually(t, "the token has expired", func() bool {
		_, err := whoami(t, withToken(s.Config, token))
		return isUnauthorized(err)
	})
}

// TestAuthenticationConfiguration configures two providers in a file and
// changes the file.
func TestAuthenticationConfiguration(t *testing.T) {
	t.Parallel()
	first, second := startProvider(t), startProvider(t)
	jwt := func(p *provider, extra string) string {
		ca, err := os.ReadFile(p.caFile)
		testutil.Check(t, err)
		return fmt.Sprintf(`
- issuer:
    url: %s
    audiences: [gatehouse, other]
    audienceMatchPolicy: MatchAny
    certificateAuthority: |
      %s
  claimMappings:
    username: {expression: '"sso:" + claims.preferred_username'}
    groups: {claim: groups, prefix: "sso:"}
    uid: {claim: sub}
    extra:
    - {key: example.com/department, valueExpression: claims.department}
%s`, p.issuer, strings.ReplaceAll(strings.TrimSpace(string(ca)), "\n", "\n      "), extra)
	}
	const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n"
	noRoot := "  userValidationRules:\n  - {expression: \"user.username != 'sso:root'\", message: not root}\n"
	config := file(t, "authentication.yaml", head+"anonymous: {enabled: true, conditions: [{path: /livez}]}\njwt:"+jwt(first, noRoot)+jwt(second, ""))
	s := testserver.Start(t, testserver.Options{Flags: []string{"--authentication-config=" + config}})

	alice := authenticationv1.UserInfo{Username: "sso:alice", UID: "alice", Groups: []string{"sso:dev", "system:authenticated"},
		Extra: map[string]authenticationv1.ExtraValue{"example.com/department": {"research"}}}
	becomes(t, s.Config, first.login("alice", "dev"), alice)
	becomes(t, s.Config, second.login("alice", "dev"), alice)
	if _, err := whoami(t, withToken(s.Config, first.login("root", "dev"))); !isUnauthorized(err) {
		t.Errorf("a user whom a rule forbids: %v", err)
	}
	anonymous := restclient.AnonymousClientConfig(s.Config)
	for path, code := range map[string]int{"/livez": 200, "/readyz": 401, "/api": 401, "/livez/ping": 401} {
		if r := send(t, anonymous, request{path: path}); r.code != code {
			t.Errorf("%s without credentials: %d, not %d", path, r.code, code)
		}
	}

	// An invalid file has no effect; a valid one replaces the configuration.
	testutil.Check(t, os.WriteFile(config, []byte(head+"jwt: [{issuer: {url: 'http://insecure'}}]"), 0o600))
	becomes(t, s.Config, second.login("alice", "dev"), alice)
	testutil.Check(t, os.WriteFile(config, []byte(head+"anonymous: {enabled: true}\njwt:"+jwt(first, "")), 0o600))
	root := alice
	root.Username, root.UID = "sso:root", "root"
	becomes(t, s.Config, first.login("root", "dev"), root)
	if _, err := whoami(t, withToken(s.Config, second.login("alice", "dev"))); !isUnauthorized(err) {
		t.Errorf("token of a provider that is gone: %v", err)
	}
	if r := send(t, anonymous, request{path: "/readyz"}); r.code != http.StatusOK {
		t.Errorf("/readyz without credentials: %d", r.code)
	}
}
