package server_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount/signertest"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestExternalSigner starts a server whose tokens another process signs.
func TestExternalSigner(t *testing.T) {
	signer := signertest.Start(t)
	s := testserver.Start(t, testserver.Options{Flags: []string{"--service-account-signing-endpoint=" + signer.Socket}})
	if !knows(t, s, robot(t, s)) {
		t.Error("a token of the signer is refused")
	}
	signer.AddKey("second")
	signer.Change(func(a *signertest.Answers) { a.KeyID = "second" })
	if !knows(t, s, robot(t, s)) {
		t.Error("a token with a new key is refused")
	}

	client := must(restclient.HTTPClientFor(s.Config))(t)
	resp := must(client.Get(s.URL + serviceaccount.JWKSPath))(t)
	defer resp.Body.Close()
	keys := string(must(io.ReadAll(resp.Body))(t))
	if !strings.Contains(keys, `"kid":"first"`) || !strings.Contains(keys, `"kid":"second"`) {
		t.Error(keys)
	}
	if age := resp.Header.Get("Cache-Control"); !regexp.MustCompile("^public, max-age=3[0-9]{3}$").MatchString(age) {
		t.Errorf("%q: the signer wants to be asked every hour", age)
	}

	long := int64(30 * 24 * time.Hour / time.Second)
	token := must(kubernetes.NewForConfigOrDie(s.Config).CoreV1().ServiceAccounts("default").CreateToken(t.Context(), "robot",
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &long}}, metav1.CreateOptions{}))(t)
	if got := *token.Spec.ExpirationSeconds; got != int64(24*time.Hour/time.Second) {
		t.Errorf("valid for %d seconds, the signer supports one day", got)
	}

	signer.Change(func(a *signertest.Answers) { a.Header = `{"alg":"none"}` })
	body := strings.NewReader(`{"spec":{}}`)
	resp = must(client.Post(s.URL+"/api/v1/namespaces/default/serviceaccounts/robot/token", "application/json", body))(t)
	defer resp.Body.Close()
	if answer := string(must(io.ReadAll(resp.Body))(t)); resp.StatusCode != http.StatusInternalServerError ||
		!strings.Contains(answer, "failed to generate token: while validating header: ") {
		t.Errorf("%d: %s", resp.StatusCode, answer)
	}
}

func TestExternalSignerLimitsTheFlag(t *testing.T) {
	signer := signertest.Start(t)
	o := options.New()
	o.Data.Dir, o.SecureServing.BindPort = t.TempDir(), 0
	o.ServiceAccounts.SigningEndpoint, o.ServiceAccounts.MaxExpiration = signer.Socket, 48*time.Hour
	completed, err := o.Complete()
	testutil.Check(t, err)
	_, err = server.New(t.Context(), completed)
	const want = "service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: 48h0m0s > 24h0m0s"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}
