package authorization

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
)

func (h *hook) config(failurePolicy string) apiserver.AuthorizerConfiguration {
	return apiserver.AuthorizerConfiguration{Type: apiserver.TypeWebhook, Name: "hook", Webhook: &apiserver.WebhookConfiguration{
		Timeout: metav1.Duration{Duration: 10 * time.Second}, FailurePolicy: failurePolicy, SubjectAccessReviewVersion: "v1",
		ConnectionInfo: apiserver.WebhookConnectionInfo{Type: apiserver.AuthorizationWebhookConnectionInfoTypeKubeConfigFile, KubeConfigFile: &h.kubeconfig},
	}}
}

// testConfig returns a configuration without delays between attempts.
func testConfig() Config {
	return Config{RBAC: rbac.Empty(), Backoff: wait.Backoff{Duration: time.Millisecond, Steps: 3}}
}

func newChainOf(t *testing.T, authorizers ...apiserver.AuthorizerConfiguration) Authorizer {
	t.Helper()
	a, err := testConfig().New(t.Context(), authorizers)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func podRequest(name string, groups ...string) authorizer.AttributesRecord {
	return authorizer.AttributesRecord{User: &user.DefaultInfo{Name: name, Groups: groups}, Verb: "get", APIVersion: "v1", Resource: "pods", Namespace: "ns",
		Name: "p", ResourceRequest: true}
}

func TestWebhookAnswers(t *testing.T) {
	const no = authorizer.DecisionNoOpinion
	for _, test := range []struct {
		name    string
		answer  answer
		open    authorizer.Decision // with the failure policy NoOpinion
		closed  authorizer.Decision // with the failure policy Deny
		reason  string
		err     string
		retries bool
	}{
		{"allowed", status(true, false, "good"), authorizer.DecisionAllow, authorizer.DecisionAllow, "good", "", false},
		{"denied", status(false, true, "bad"), authorizer.DecisionDeny, authorizer.DecisionDeny, "bad", "", false},
		{"no opinion", status(false, false, "who knows"), no, no, "who knows", "", false},
		{"both", status(true, true, "odd"), authorizer.DecisionDeny, authorizer.DecisionDeny, "odd", "both allow and deny", false},
		{"500", raw(500, "broken"), no, authorizer.DecisionDeny, "", "an error on the server", true},
		{"404", raw(404, "nothing here"), no, authorizer.DecisionDeny, "", "could not find", false},
		{"malformed", raw(200, `{"kind":`), no, authorizer.DecisionDeny, "", "couldn't get version/kind", false},
		{"another kind", raw(200, `{"apiVersion":"v1","kind":"Pod"}`), no, authorizer.DecisionDeny, "", "Pod", false},
		{"empty", raw(200, ""), no, authorizer.DecisionDeny, "", "0-length response", false},
		{"a redirect", func(w http.ResponseWriter, r *http.Request, _ *authorizationv1.SubjectAccessReview) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, no, authorizer.DecisionDeny, "", "127.0.0.1:1", false},
	} {
		for policy, want := range map[string]authorizer.Decision{apiserver.FailurePolicyNoOpinion: test.open, apiserver.FailurePolicyDeny: test.closed} {
			h := newHook(t, test.answer)
			decision, reason, err := newChainOf(t, h.config(policy)).Authorize(t.Context(), podRequest("alice"))
			if decision != want || reason != test.reason || (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s, %s: %v, %q, %v", test.name, policy, decision, reason, err)
			}
			if calls := h.calls.Load(); (calls == 3) != test.retries {
				t.Errorf("%s, %s: %d requests", test.name, policy, calls)
			}
		}
	}
}

// TestWebhookUnreachable checks errors that occur before there is an answer.
func TestWebhookUnreachable(t *testing.T) {
	slow := newHook(t, func(_ http.ResponseWriter, r *http.Request, _ *authorizationv1.SubjectAccessReview) {
		<-r.Context().Done()
	})
	late := slow.config(apiserver.FailurePolicyDeny)
	late.Webhook.Timeout.Duration = 50 * time.Millisecond
	stranger := newHook(t, status(true, false, "never"))
	stranger.kubeconfig = stranger.writeKubeconfig(t, false)
	gone := newHook(t, status(true, false, "never"))
	gone.Close()
	for name, config := range map[string]apiserver.AuthorizerConfiguration{
		"exceeded": late, "certificate signed by unknown authority": stranger.config(apiserver.FailurePolicyDeny),
		"connection refused": gone.config(apiserver.FailurePolicyDeny),
	} {
		decision, _, err := newChainOf(t, config).Authorize(t.Context(), podRequest("alice"))
		if decision != authorizer.DecisionDeny || err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, %v", name, decision, err)
		}
		config.Webhook.FailurePolicy = apiserver.FailurePolicyNoOpinion
		decision, _, err = newChainOf(t, config, apiserver.AuthorizerConfiguration{Type: ModeAlwaysAllow, Name: "all"}).Authorize(t.Context(), podRequest("alice"))
		if decision != authorizer.DecisionAllow || err != nil {
			t.Errorf("%s, open: %v, %v", name, decision, err)
		}
	}
}

func TestWebhookCache(t *testing.T) {
	for _, test := range []struct {
		authorized, unauthorized bool
		user                     string
		calls                    int32
	}{
		{true, true, "alice", 1}, {true, true, "bob", 1}, {false, true, "alice", 3}, {false, true, "bob", 1}, {true, false, "alice", 1}, {true, false, "bob", 3},
	} {
		h := newHook(t, func(w http.ResponseWriter, r *http.Request, review *authorizationv1.SubjectAccessReview) {
			status(review.Spec.User == "alice", false, "")(w, r, review)
		})
		config := h.config(apiserver.FailurePolicyDeny)
		config.Webhook.CacheAuthorizedRequests, config.Webhook.AuthorizedTTL.Duration = test.authorized, time.Hour
		config.Webhook.CacheUnauthorizedRequests, config.Webhook.UnauthorizedTTL.Duration = test.unauthorized, time.Hour
		a := newChainOf(t, config)
		for range 3 {
			if decision, _, err := a.Authorize(t.Context(), podRequest(test.user)); (decision == authorizer.DecisionAllow) != (test.user == "alice") || err != nil {
				t.Errorf("%v: %v, %v", test, decision, err)
			}
		}
		if calls := h.calls.Load(); calls != test.calls {
			t.Errorf("%v: %d requests", test, calls)
		}
	}
}

// TestWebhookReview checks the review that is sent, in both versions.
func TestWebhookReview(t *testing.T) {
	for _, version := range []string{"v1", "v1beta1"} {
		h := newHook(t, status(true, false, ""))
		config := h.config(apiserver.FailurePolicyDeny)
		config.Webhook.SubjectAccessReviewVersion = version
		if decision, _, err := newChainOf(t, config).Authorize(t.Context(), podRequest("alice", "team")); decision != authorizer.DecisionAllow || err != nil {
			t.Errorf("%s: %v, %v", version, decision, err)
		}
		got := h.last.Load()
		if got.APIVersion != "authorization.k8s.io/"+version || got.Kind != "SubjectAccessReview" || got.Spec.User != "alice" ||
			*got.Spec.ResourceAttributes != (authorizationv1.ResourceAttributes{Namespace: "ns", Verb: "get", Version: "v1", Resource: "pods", Name: "p"}) {
			t.Errorf("%s: %v", version, got)
		}
	}
	h := newHook(t, status(true, false, ""))
	config := h.config(apiserver.FailurePolicyDeny)
	config.Webhook.SubjectAccessReviewVersion = "v2"
	if _, err := testConfig().New(t.Context(), []apiserver.AuthorizerConfiguration{config}); err == nil ||
		!strings.Contains(err.Error(), `authorizer "hook": unsupported webhook authorizer version "v2"`) {
		t.Errorf("v2: %v", err)
	}
	missing := filepath.Join(t.TempDir(), "absent")
	config = h.config(apiserver.FailurePolicyDeny)
	config.Webhook.ConnectionInfo.KubeConfigFile = &missing
	if _, err := testConfig().New(t.Context(), []apiserver.AuthorizerConfiguration{config}); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("missing kubeconfig: %v", err)
	}
}

// TestMatchConditions checks that the webhook is asked only about requests that
// match all conditions.
func TestMatchConditions(t *testing.T) {
	const no = authorizer.DecisionNoOpinion
	path := authorizer.AttributesRecord{User: &user.DefaultInfo{Name: "alice"}, Verb: "get", Path: "/x"}
	for _, test := range []struct {
		conditions   []string
		request      authorizer.AttributesRecord
		open, closed authorizer.Decision
		calls        int32
	}{
		{[]string{`request.user == "alice"`}, podRequest("alice"), authorizer.DecisionAllow, authorizer.DecisionAllow, 1},
		{[]string{`request.user == "alice"`}, podRequest("bob"), no, no, 0},
		{[]string{`has(request.resourceAttributes)`, `request.resourceAttributes.namespace == "ns"`}, podRequest("bob"), authorizer.DecisionAllow,
			authorizer.DecisionAllow, 1},
		{[]string{`has(request.resourceAttributes)`, `request.resourceAttributes.namespace == "ns"`}, path, no, no, 0},
		{[]string{`request.resourceAttributes.namespace == "ns"`}, path, no, authorizer.DecisionDeny, 0},
	} {
		for policy, want := range map[string]authorizer.Decision{apiserver.FailurePolicyNoOpinion: test.open, apiserver.FailurePolicyDeny: test.closed} {
			h := newHook(t, status(true, false, ""))
			config := h.config(policy)
			for _, expression := range test.conditions {
				config.Webhook.MatchConditions = append(config.Webhook.MatchConditions, apiserver.WebhookMatchCondition{Expression: expression})
			}
			decision, _, _ := newChainOf(t, config).Authorize(t.Context(), test.request)
			if calls := h.calls.Load(); decision != want || calls != test.calls {
				t.Errorf("%v, %s: %v after %d requests", test.conditions, policy, decision, calls)
			}
		}
	}
}
