package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	jose "gopkg.in/go-jose/go-jose.v2"
	"gopkg.in/go-jose/go-jose.v2/jwt"
	authenticationv1 "k8s.io/api/authentication/v1"
)

const (
	bindings       = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
	accessReviews  = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
	serviceAccount = "/api/v1/namespaces/bench/serviceaccounts/default"
	bindingBody    = `{"metadata":{"name":"bench-%d"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view-bench"},` +
		`"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"user-%d"}]}`
)

// identityProvider is an OpenID Connect provider with one key.
type identityProvider struct {
	*httptest.Server
	signer jose.Signer
}

func newIdentityProvider() (*identityProvider, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	p := &identityProvider{}
	keys := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}}
	p.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		if r.URL.Path == "/keys" {
			_ = json.NewEncoder(w).Encode(keys)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"}})
	}))
	return p, err
}

// flags returns the flags with which a server accepts the provider's tokens.
func (p *identityProvider) flags(dir string) ([]string, error) {
	ca := filepath.Join(dir, "provider.crt")
	err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw}), 0o600)
	return []string{"--oidc-issuer-url=" + p.URL, "--oidc-client-id=bench", "--oidc-ca-file=" + ca, "--oidc-signing-algs=ES256"}, err
}

func (p *identityProvider) token() (string, error) {
	return jwt.Signed(p.signer).Claims(jwt.Claims{Issuer: p.URL, Subject: "bench", Audience: jwt.Audience{"bench"},
		Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour))}).CompactSerialize()
}

// prepareIdentities creates an object, and users with tokens who may read it.
func prepareIdentities(ctx context.Context, b *bench) error {
	b.tokens = map[string]string{}
	for _, c := range []call{
		{verb: "POST", uri: configMaps, body: fill(configMapBody, "identity", 0)},
		{verb: "POST", uri: strings.TrimSuffix(serviceAccount, "/default"), body: []byte(`{"metadata":{"name":"default"}}`)},
		{verb: "POST", uri: "/apis/rbac.authorization.k8s.io/v1/clusterroles", body: []byte(
			`{"metadata":{"name":"view-bench"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}]}`)},
		{verb: "POST", uri: bindings, body: []byte(`{"metadata":{"name":"bench-identities"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",` +
			`"kind":"ClusterRole","name":"view-bench"},"subjects":[{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"system:authenticated"}]}`)},
	} {
		c.contentType, c.accept = jsonType, jsonType
		if _, err := b.send(ctx, 0, c); err != nil && !isThere(err) {
			return err
		}
	}
	post := b.clients[0].Post().RequestURI(serviceAccount+"/token").SetHeader("Content-Type", jsonType).SetHeader("Accept", jsonType)
	answer, err := post.Body([]byte(`{}`)).DoRaw(ctx)
	if err != nil {
		return err
	}
	var request authenticationv1.TokenRequest
	if err := json.Unmarshal(answer, &request); err != nil {
		return err
	}
	b.tokens["service account"] = request.Status.Token
	b.tokens["OpenID Connect"], err = b.provider.token()
	if err != nil {
		return err
	}
	// The server needs some time to reach the provider and to observe the
	// binding.
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := getAs("OpenID Connect")(ctx, b, 0, 0)
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

// getAs gets the object with a token, or with the certificate if the name of
// the token is empty.
func getAs(token string) func(context.Context, *bench, int, int) error {
	return func(ctx context.Context, b *bench, worker, _ int) error {
		_, err := b.send(ctx, worker, call{verb: "GET", uri: configMaps + "/identity", accept: jsonType, token: b.tokens[token]})
		return err
	}
}

// bindUsers creates bindings until there are count of them, each for a
// different user.
func bindUsers(count int) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		if err := prepareIdentities(ctx, b); err != nil {
			return err
		}
		writers, ctx := errgroup.WithContext(ctx)
		writers.SetLimit(16)
		for i := b.bound; i < count; i++ {
			writers.Go(func() error {
				_, err := b.send(ctx, i, call{verb: "POST", uri: bindings, contentType: jsonType, accept: jsonType, body: fmt.Appendf(nil, bindingBody, i, i)})
				return err
			})
		}
		b.bound = max(b.bound, count)
		if err := writers.Wait(); err != nil {
			return err
		}
		time.Sleep(time.Second)
		return nil
	}
}

// reviewAccess asks whether one of the users may do something.
func reviewAccess(ctx context.Context, b *bench, worker, i int) error {
	body := fmt.Appendf(nil, `{"spec":{"user":"user-%d","resourceAttributes":{"verb":"get","resource":"configmaps","namespace":"bench"}}}`,
		(worker*1237+i*7919)%b.bound)
	_, err := b.send(ctx, worker, call{"POST", accessReviews, jsonType, jsonType, body, ""})
	return err
}
