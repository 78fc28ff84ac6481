package e2e

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// tokenService is a remote service that authenticates tokens.
type tokenService struct {
	*httptest.Server
	calls atomic.Int32
}

// newTokenService starts a service whose answer depends on the token.
func newTokenService(t testing.TB, answer func(w http.ResponseWriter, review *authenticationv1.TokenReview)) *tokenService {
	s := &tokenService{}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		review := &authenticationv1.TokenReview{}
		if err := json.NewDecoder(r.Body).Decode(review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, review)
	}))
	t.Cleanup(s.Close)
	return s
}

// kubeconfig writes a kubeconfig for an HTTPS server and returns its path.
func kubeconfig(t testing.TB, s *httptest.Server) string {
	ca := file(t, "ca.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	return file(t, "kubeconfig", fmt.Sprintf(`
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: %s, certificate-authority: %s}}]
contexts: [{name: c, context: {cluster: c}}]
current-context: c
`, s.URL, ca))
}

func TestTokenWebhook(t *testing.T) {
	t.Parallel()
	remote := newTokenService(t, func(w http.ResponseWriter, review *authenticationv1.TokenReview) {
		switch review.Spec.Token {
		case "good":
			review.Status = authenticationv1.TokenReviewStatus{Authenticated: true, User: authenticationv1.UserInfo{
				Username: "remote", UID: "42", Groups: []string{"far"}, Extra: map[string]authenticationv1.ExtraValue{"scope": {"all"}}}}
		case "elsewhere":
			review.Status = authenticationv1.TokenReviewStatus{Authenticated: true, Audiences: []string{"another"}, User: authenticationv1.UserInfo{Username: "remote"}}
		case "liar":
			fmt.Fprint(w, `{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":{"authenticated":"yes"}}`)
			return
		case "broken":
			http.Error(w, "broken", http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(review)
	})
	s := testserver.Start(t, testserver.Options{Flags: []string{
		"--authentication-token-webhook-config-file=" + kubeconfig(t, remote.Server), "--authentication-token-webhook-version=v1",
		"--authentication-token-webhook-cache-ttl=1m",
	}})

	want := authenticationv1.UserInfo{Username: "remote", UID: "42", Groups: []string{"far", "system:authenticated"},
		Extra: map[string]authenticationv1.ExtraValue{"scope": {"all"}}}
	for range 3 {
		if user, err := whoami(t, withToken(s.Config, "good")); err != nil || !reflect.DeepEqual(user, want) {
			t.Errorf("%+v, %v", user, err)
		}
	}
	if calls := remote.calls.Load(); calls != 1 {
		t.Errorf("%d calls for the same token", calls)
	}
	for _, bad := range []string{"unknown", "liar", "broken", "elsewhere"} {
		if r := send(t, withToken(s.Config, bad), request{path: "/api/v1/namespaces"}); r.code != http.StatusUnauthorized {
			t.Errorf("token %q: %d %s", bad, r.code, r.body)
		}
	}
	// Requests with other credentials do not need the service.
	remote.Close()
	if user, err := whoami(t, s.Config); err != nil || user.Username != "kubernetes-admin" {
		t.Errorf("%+v, %v", user, err)
	}
	if _, err := whoami(t, withToken(s.Config, "late")); !isUnauthorized(err) {
		t.Errorf("without the service: %v", err)
	}
}

// TestSlowTokenWebhook uses a service that does not answer. The request must
// end at its time limit, and other requests must not be delayed.
func TestSlowTokenWebhook(t *testing.T) {
	t.Parallel()
	asked, stuck := make(chan struct{}, 100), make(chan struct{})
	remote := newTokenService(t, func(http.ResponseWriter, *authenticationv1.TokenReview) {
		asked <- struct{}{}
		<-stuck
	})
	t.Cleanup(func() { close(stuck) })
	s := testserver.Start(t, testserver.Options{Flags: []string{
		"--authentication-token-webhook-config-file=" + kubeconfig(t, remote.Server), "--authentication-token-webhook-version=v1",
		"--request-timeout=2s",
	}})
	ended := make(chan error, 1)
	go func() {
		_, err := whoami(t, withToken(s.Config, "slow"))
		ended <- err
	}()
	<-asked
	if user, err := whoami(t, s.Config); err != nil || user.Username != "kubernetes-admin" {
		t.Errorf("meanwhile: %+v, %v", user, err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the token is accepted")
		}
	case <-time.After(patience):
		t.Error("the request does not end")
	}
}
