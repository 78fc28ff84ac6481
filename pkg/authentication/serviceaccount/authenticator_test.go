package serviceaccount

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/client-go/util/keyutil"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

func newTokens(t testing.TB) *serviceaccount.Tokens {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "sa.key")
	if err := os.WriteFile(file, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := serviceaccount.ReadKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	return serviceaccount.New(serviceaccount.Config{Keys: keys, Issuers: []string{"https://issuer"}, Audiences: []string{"api"}})
}

func meta(namespace, name, uid string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(uid)}
}

// The objects to which the tokens are bound.
func account() *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: meta("ns", "robot", "account-uid")}
}
func pod() *corev1.Pod       { return &corev1.Pod{ObjectMeta: meta("ns", "pod", "pod-uid")} }
func secret() *corev1.Secret { return &corev1.Secret{ObjectMeta: meta("ns", "secret", "secret-uid")} }
func node() *corev1.Node     { return &corev1.Node{ObjectMeta: meta("", "node", "node-uid")} }

var now = time.Now().Truncate(time.Second)

type fixture struct {
	*cluster
	tokens *serviceaccount.Tokens
	auth   *tokens
}

func newFixture(t testing.TB) *fixture {
	c := newCluster(account(), pod(), secret(), node())
	issuer := newTokens(t)
	auth := New(Config{Tokens: issuer, Objects: c.objects()}).(*tokens)
	auth.now = func() time.Time { return now }
	return &fixture{c, issuer, auth}
}

func (f *fixture) sign(t testing.TB, claims *serviceaccount.Claims) string {
	t.Helper()
	token, err := f.tokens.Sign(t.Context(), claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (f *fixture) claims(to serviceaccount.Binding, audiences ...string) *serviceaccount.Claims {
	return serviceaccount.NewClaims(account(), to, audiences, now, time.Hour, 0)
}

func gone(at time.Duration) *metav1.Time { return &metav1.Time{Time: now.Add(-at)} }

func TestBoundTokens(t *testing.T) {
	none, onPod, onSecret, onNode := serviceaccount.Binding{}, serviceaccount.Binding{Pod: pod(),
		Node: node()}, serviceaccount.Binding{Secret: secret()}, serviceaccount.Binding{Node: node()}
	for _, test := range []struct {
		name   string
		to     serviceaccount.Binding
		change func(*fixture, *serviceaccount.Claims)
		want   string // part of the error
	}{
		{name: "account alone", to: none},
		{name: "pod", to: onPod},
		{name: "secret", to: onSecret},
		{name: "node", to: onNode},
		{name: "no account", change: func(f *fixture, _ *serviceaccount.Claims) { f.remove(account()) }, want: `serviceaccounts "robot" not found`},
		{name: "another account of the name", change: func(f *fixture, _ *serviceaccount.Claims) {
			f.put(&corev1.ServiceAccount{ObjectMeta: meta("ns", "robot", "new")})
		}, want: "does not match"},
		{name: "account being deleted", change: func(f *fixture, _ *serviceaccount.Claims) {
			sa := account()
			sa.DeletionTimestamp = gone(59 * time.Second)
			f.put(sa)
		}},
		{name: "account deleted long ago", change: func(f *fixture, _ *serviceaccount.Claims) {
			sa := account()
			sa.DeletionTimestamp = gone(61 * time.Second)
			f.put(sa)
		}, want: "service account token has been invalidated"},
		{name: "account in the cache is old", change: func(f *fixture, _ *serviceaccount.Claims) {
			f.cached[key(account())] = &corev1.ServiceAccount{ObjectMeta: meta("ns", "robot", "old")}
		}},
		{name: "account not in the cache yet", change: func(f *fixture, _ *serviceaccount.Claims) { delete(f.cached, key(account())) }},
		{name: "no pod", to: onPod, change: func(f *fixture, _ *serviceaccount.Claims) { f.remove(pod()) }, want: `pods "pod" not found`},
		{name: "another pod", to: onPod, change: func(f *fixture, _ *serviceaccount.Claims) {
			f.put(&corev1.Pod{ObjectMeta: meta("ns", "pod", "new")})
		}, want: "does not match"},
		{name: "pod deleted long ago", to: onPod, change: func(f *fixture, _ *serviceaccount.Claims) {
			p := pod()
			p.DeletionTimestamp = gone(2 * time.Minute)
			f.put(p)
		}, want: "invalidated"},
		{name: "node of the pod is gone", to: onPod, change: func(f *fixture, _ *serviceaccount.Claims) { f.remove(node()) }},
		{name: "no secret", to: onSecret, change: func(f *fixture, _ *serviceaccount.Claims) { f.remove(secret()) }, want: `secrets "secret" not found`},
		{name: "no node", to: onNode, change: func(f *fixture, _ *serviceaccount.Claims) { f.remove(node()) }, want: `nodes "node" not found`},
		{name: "another node", to: onNode, change: func(f *fixture, _ *serviceaccount.Claims) {
			f.put(&corev1.Node{ObjectMeta: meta("", "node", "new")})
		}, want: "does not match"},
		{name: "expired", change: func(f *fixture, _ *serviceaccount.Claims) {
			f.auth.now = func() time.Time { return now.Add(time.Hour + 61*time.Second) }
		}, want: "service account token has expired"},
		{name: "just expired", change: func(f *fixture, _ *serviceaccount.Claims) {
			f.auth.now = func() time.Time { return now.Add(time.Hour + 59*time.Second) }
		}},
		{name: "not yet", change: func(f *fixture, _ *serviceaccount.Claims) {
			f.auth.now = func() time.Time { return now.Add(-2 * time.Minute) }
		}, want: "service account token is not valid yet"},
		{name: "another subject", change: func(_ *fixture, c *serviceaccount.Claims) { c.Subject = "system:serviceaccount:ns:other" }, want: "sub claim"},
		{name: "no subject", change: func(_ *fixture, c *serviceaccount.Claims) { c.Subject = "" }, want: "sub claim"},
		{name: "no account claims", change: func(_ *fixture, c *serviceaccount.Claims) { c.Kubernetes = nil }, want: "does not name"},
		{name: "other audience", change: func(_ *fixture, c *serviceaccount.Claims) { c.Audience = []string{"other"} },
			want: `token audiences ["other"] is invalid for the target audiences ["api"]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			claims := f.claims(test.to, "api")
			if test.change != nil {
				test.change(f, claims)
			}
			_, ok, err := f.auth.AuthenticateToken(t.Context(), f.sign(t, claims))
			if ok != (test.want == "") || ok != (err == nil) || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("ok %v, error %v, want %q", ok, err, test.want)
			}
		})
	}
}

// TestRevocation authenticates a token, deletes an object that it names, and
// authenticates it again: the cached result must not keep the token valid.
func TestRevocation(t *testing.T) {
	for _, obj := range []objects.Object{account(), pod(), secret()} {
		f := newFixture(t)
		token := f.sign(t, f.claims(serviceaccount.Binding{Pod: pod(), Secret: secret()}, "api"))
		for range 2 {
			if _, ok, err := f.auth.AuthenticateToken(t.Context(), token); !ok {
				t.Fatal(err)
			}
		}
		f.remove(obj)
		if _, ok, _ := f.auth.AuthenticateToken(t.Context(), token); ok {
			t.Errorf("the token outlives its %T", obj)
		}
	}
}

func TestUserInfo(t *testing.T) {
	f := newFixture(t)
	claims := f.claims(serviceaccount.Binding{Pod: pod(), Node: node()}, "api", "vault")
	response, _, err := f.auth.AuthenticateToken(t.Context(), f.sign(t, claims))
	if err != nil {
		t.Fatal(err)
	}
	u := response.User
	if u.GetName() != "system:serviceaccount:ns:robot" || u.GetUID() != "account-uid" ||
		!slices.Equal(u.GetGroups(), []string{"system:serviceaccounts", "system:serviceaccounts:ns"}) {
		t.Errorf("user %+v", u)
	}
	for name, want := range map[string]string{"pod-name": "pod", "pod-uid": "pod-uid", "node-name": "node", "node-uid": "node-uid",
		"credential-id": "JTI=" + claims.ID} {
		if got := u.GetExtra()["authentication.kubernetes.io/"+name]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if !slices.Equal(response.Audiences, []string{"api"}) {
		t.Errorf("audiences %q", response.Audiences)
	}
	ctx := authenticator.WithAudiences(t.Context(), authenticator.Audiences{"vault", "other"})
	if response, _, err = f.auth.AuthenticateToken(ctx, f.sign(t, claims)); err != nil || !slices.Equal(response.Audiences, []string{"vault"}) {
		t.Errorf("for a vault: %v, %v", response, err)
	}
}

func TestTokensOfOthersAreNotJudged(t *testing.T) {
	f := newFixture(t)
	claims := f.claims(serviceaccount.Binding{}, "api")
	claims.Issuer = "https://elsewhere"
	for _, token := range []string{f.sign(t, claims), "static-token", ""} {
		if response, ok, err := f.auth.AuthenticateToken(t.Context(), token); response != nil || ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	f := newFixture(b)
	token := f.sign(b, f.claims(serviceaccount.Binding{Pod: pod(), Node: node()}, "api"))
	ctx := authenticator.WithAudiences(context.Background(), authenticator.Audiences{"api"})
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := f.auth.AuthenticateToken(ctx, token); !ok {
			b.Fatal(err)
		}
	}
}
