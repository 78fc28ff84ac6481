package serviceaccount

import (
	"maps"
	"strings"
	"testing"
	"time"

	"gopkg.in/go-jose/go-jose.v2/jwt"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/testutil"

	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// legacyFixture returns a fixture with a secret, and the token in it.
func legacyFixture(t *testing.T) (*fixture, *corev1.Secret, string) {
	f := newFixture(t)
	s := secret()
	token := f.sign(t, serviceaccount.NewLegacyClaims(account(), s))
	s.Data = map[string][]byte{corev1.ServiceAccountTokenKey: []byte(token)}
	f.put(s)
	return f, s, token
}

func TestLegacyTokens(t *testing.T) {
	type change func(f *fixture, s *corev1.Secret)
	for _, test := range []struct {
		name   string
		change change
		want   string
	}{
		{"good", func(*fixture, *corev1.Secret) {}, ""},
		{"no secret", func(f *fixture, s *corev1.Secret) { f.remove(s) }, `secrets "secret" not found`},
		{"other token", func(_ *fixture, s *corev1.Secret) { s.Data["token"] = []byte("other") }, "does not match the server's copy"},
		{"empty secret", func(_ *fixture, s *corev1.Secret) { s.Data = nil }, "does not match the server's copy"},
		{"secret being deleted", func(_ *fixture, s *corev1.Secret) { s.DeletionTimestamp = gone(0) }, "invalidated"},
		{"marked", func(_ *fixture, s *corev1.Secret) { s.Labels = map[string]string{InvalidSinceLabel: "2020-01-01"} }, "marked invalid"},
		{"no account", func(f *fixture, _ *corev1.Secret) { f.remove(account()) }, `serviceaccounts "robot" not found`},
		{"another account", func(f *fixture, _ *corev1.Secret) {
			f.put(&corev1.ServiceAccount{ObjectMeta: meta("ns", "robot", "new")})
		}, "ServiceAccount UID (new) does not match claim (account-uid)"},
		{"account being deleted", func(f *fixture, _ *corev1.Secret) {
			sa := account()
			sa.DeletionTimestamp = gone(0)
			f.put(sa)
		}, "ServiceAccount ns/robot has been deleted"},
	} {
		for _, skip := range []bool{false, true} {
			f, s, token := legacyFixture(t)
			f.auth.SkipLegacyLookup = skip
			test.change(f, s)
			_, ok, err := f.auth.AuthenticateToken(t.Context(), token)
			if want := test.want == "" || skip; ok != want || !want && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s, skip %v: ok %v, error %v", test.name, skip, ok, err)
			}
		}
	}
}

func TestLegacyClaims(t *testing.T) {
	for _, test := range []struct {
		change func(*serviceaccount.Claims)
		want   string
	}{
		{func(c *serviceaccount.Claims) { c.Subject = "" }, "sub claim is missing"},
		{func(c *serviceaccount.Claims) { c.Namespace = "" }, "namespace claim is missing"},
		{func(c *serviceaccount.Claims) { c.SecretName = "" }, "secretName claim is missing"},
		{func(c *serviceaccount.Claims) { c.ServiceAccountName = "" }, "serviceAccountName claim is missing"},
		{func(c *serviceaccount.Claims) { c.ServiceAccountUID = "" }, "serviceAccountUID claim is missing"},
		{func(c *serviceaccount.Claims) { c.ServiceAccountName = "admin" }, "sub claim is invalid"},
		// Only tokens of the legacy issuer may lack the claims of bound tokens.
		{func(c *serviceaccount.Claims) { c.Issuer = "" }, "does not name a service account"},
	} {
		f := newFixture(t)
		f.auth.SkipLegacyLookup = true
		claims := serviceaccount.NewLegacyClaims(account(), secret())
		test.change(claims)
		if _, ok, err := f.auth.AuthenticateToken(t.Context(), f.sign(t, claims)); ok || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("ok %v, error %v, want %q", ok, err, test.want)
		}
	}
}

// TestLegacyIssuer checks what a token of the legacy issuer may be. A bound token
// needs an issuer that is configured: otherwise whoever has an old key could
// choose the issuer that is always accepted.
func TestLegacyIssuer(t *testing.T) {
	bound := func(f *fixture) *serviceaccount.Claims { return f.claims(serviceaccount.Binding{}, "api") }
	both := func(f *fixture) *serviceaccount.Claims {
		claims := serviceaccount.NewLegacyClaims(account(), secret())
		claims.Kubernetes = bound(f).Kubernetes
		return claims
	}
	for _, test := range []struct {
		name    string
		issuers []string
		claims  func(*fixture) *serviceaccount.Claims
		want    string // part of the error
	}{
		{"bound", []string{"https://issuer"}, bound, "namespace claim is missing"},
		{"bound, without audiences and times", []string{"https://issuer"}, func(f *fixture) *serviceaccount.Claims {
			return &serviceaccount.Claims{Claims: jwt.Claims{Subject: bound(f).Subject}, Kubernetes: bound(f).Kubernetes}
		}, "namespace claim is missing"},
		{"bound and legacy", []string{"https://issuer"}, both, ""},
		{"bound, configured", []string{"https://issuer", serviceaccount.LegacyIssuer}, bound, ""},
		{"bound and legacy, configured", []string{"https://issuer", serviceaccount.LegacyIssuer}, both, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.auth.SkipLegacyLookup = true
			f.tokens.Issuers = test.issuers
			claims := test.claims(f)
			claims.Issuer = serviceaccount.LegacyIssuer
			_, ok, err := f.auth.AuthenticateToken(t.Context(), f.sign(t, claims))
			if ok != (test.want == "") || !ok && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("accepted %v, error %v, want %q", ok, err, test.want)
			}
		})
	}
}

func TestLastUse(t *testing.T) {
	f, s, token := legacyFixture(t)
	client := fake.NewClientset(s.DeepCopy())
	f.auth.use.client = client
	use := func() {
		t.Helper()
		if _, ok, err := f.auth.AuthenticateToken(t.Context(), token); !ok {
			t.Fatal(err)
		}
	}
	today := now.UTC().Format(time.DateOnly)
	use()
	labelled := func() string {
		got, err := client.CoreV1().Secrets("ns").Get(t.Context(), s.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return got.Labels[LastUsedLabel]
	}
	for deadline := time.Now().Add(10 * time.Second); labelled() != today; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the label is %q", labelled())
		}
	}
	s = s.DeepCopy()
	s.Labels = map[string]string{LastUsedLabel: today}
	f.put(s)
	for range 3 {
		use()
	}
	if n := patches(client.Actions()); n != 1 {
		t.Errorf("%d patches a day", n)
	}
}

func patches(actions []clienttesting.Action) (n int) {
	for _, action := range actions {
		if action.GetVerb() == "patch" {
			n++
		}
	}
	return n
}

func TestAnnotationsAndMetrics(t *testing.T) {
	for _, test := range []struct {
		name    string
		token   func(*testing.T) (*fixture, string)
		want    map[string]string
		counter *metrics.Counter
	}{
		{"bound", func(t *testing.T) (*fixture, string) {
			f := newFixture(t)
			return f, f.sign(t, f.claims(serviceaccount.Binding{}, "api"))
		}, nil, validTokens},
		{"stale", func(t *testing.T) (*fixture, string) {
			f := newFixture(t)
			token := f.sign(t, serviceaccount.NewClaims(account(), serviceaccount.Binding{}, nil, now, 24*time.Hour, time.Hour))
			f.auth.now = func() time.Time { return now.Add(2 * time.Hour) }
			return f, token
		}, map[string]string{staleToken: "subject: system:serviceaccount:ns:robot, seconds after warning threshold: 3600"}, staleTokens},
		{"legacy by hand", func(t *testing.T) (*fixture, string) {
			f, _, token := legacyFixture(t)
			return f, token
		}, map[string]string{legacyToken: "system:serviceaccount:ns:robot", legacyManual: "secret/ns"}, manualUses},
		{"legacy", func(t *testing.T) (*fixture, string) {
			f, _, token := legacyFixture(t)
			sa := account()
			sa.Secrets = []corev1.ObjectReference{{Name: "secret"}}
			f.put(sa)
			return f, token
		}, map[string]string{legacyToken: "system:serviceaccount:ns:robot", legacyAuto: "secret/ns"}, autoUses},
		{"invalid", func(t *testing.T) (*fixture, string) {
			f, s, token := legacyFixture(t)
			s.Labels = map[string]string{InvalidSinceLabel: "2020-01-01"}
			return f, token
		}, map[string]string{legacyInvalidated: "secret/ns"}, invalidAutoUses},
	} {
		f, token := test.token(t)
		ctx := audit.WithAuditContext(t.Context())
		if err := audit.AuditContextFrom(ctx).Init(audit.RequestAuditConfig{Level: auditinternal.LevelMetadata}, nil); err != nil {
			t.Fatal(err)
		}
		before, err := testutil.GetCounterMetricValue(test.counter)
		if err != nil {
			t.Fatal(err)
		}
		_, _, _ = f.auth.AuthenticateToken(ctx, token)
		if after, err := testutil.GetCounterMetricValue(test.counter); err != nil || after != before+1 {
			t.Errorf("%s: the counter went from %v to %v, %v", test.name, before, after, err)
		}
		got := map[string]string{}
		for name := range test.want {
			if value, ok := audit.AuditContextFrom(ctx).GetEventAnnotation(name); ok {
				got[name] = value
			}
		}
		if !maps.Equal(got, test.want) && len(test.want) > 0 {
			t.Errorf("%s: annotations %v", test.name, got)
		}
	}
}
