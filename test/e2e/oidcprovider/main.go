// Command oidcprovider is an OpenID Connect provider for tests, built from
// github.com/ory/fosite. It logs every client in as the user that the request
// names:
//
//	GET /authorize?client_id=gatehouse&response_type=code&scope=openid&...&login=alice&groups=a,b
//	POST /token
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/storage"
	"github.com/ory/fosite/token/jwt"
)

const keyID = "provider-key"

func main() {
	address := flag.String("address", "", "host:port to listen on")
	certFile := flag.String("cert", "", "certificate")
	keyFile := flag.String("key", "", "key of the certificate")
	client := flag.String("client", "gatehouse", "client ID, which needs no secret")
	lifespan := flag.Duration("lifespan", time.Hour, "how long ID tokens are valid")
	flag.Parse()

	p, err := newProvider("https://"+*address, *client, *lifespan)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening")
	log.Fatal(http.ListenAndServeTLS(*address, *certFile, *keyFile, p.handler()))
}

type provider struct {
	issuer string
	key    *rsa.PrivateKey
	oauth2 fosite.OAuth2Provider
}

func newProvider(issuer, client string, lifespan time.Duration) (*provider, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	store := storage.NewMemoryStore()
	store.Clients[client] = &fosite.DefaultClient{
		ID: client, Public: true,
		RedirectURIs:  []string{"https://client.invalid/callback"},
		ResponseTypes: []string{"code"}, GrantTypes: []string{"authorization_code"}, Scopes: []string{"openid"},
	}
	config := &fosite.Config{IDTokenIssuer: issuer, IDTokenLifespan: lifespan, GlobalSecret: make([]byte, 32), SendDebugMessagesToClients: true}
	if _, err := rand.Read(config.GlobalSecret); err != nil {
		return nil, err
	}
	return &provider{issuer, key, compose.ComposeAllEnabled(config, store, key)}, nil
}

func (p *provider) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": p.issuer, "authorization_endpoint": p.issuer + "/authorize", "token_endpoint": p.issuer + "/token", "jwks_uri": p.issuer + "/keys",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: keyID, Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("/authorize", p.authorize)
	mux.HandleFunc("/token", p.token)
	return mux
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		log.Print(err)
	}
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	request, err := p.oauth2.NewAuthorizeRequest(r.Context(), r)
	if err != nil {
		p.oauth2.WriteAuthorizeError(r.Context(), w, request, err)
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope)
	}
	login, now := r.FormValue("login"), time.Now()
	session := &openid.DefaultSession{
		Claims: &jwt.IDTokenClaims{Issuer: p.issuer, Subject: login, RequestedAt: now, AuthTime: now, Extra: map[string]any{
			"preferred_username": login, "groups": strings.Split(r.FormValue("groups"), ","), "department": r.FormValue("department"),
		}},
		Headers: &jwt.Headers{Extra: map[string]any{"kid": keyID}},
		Subject: login,
	}
	response, err := p.oauth2.NewAuthorizeResponse(r.Context(), request, session)
	if err != nil {
		p.oauth2.WriteAuthorizeError(r.Context(), w, request, err)
		return
	}
	p.oauth2.WriteAuthorizeResponse(r.Context(), w, request, response)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	request, err := p.oauth2.NewAccessRequest(r.Context(), r, &openid.DefaultSession{})
	if err != nil {
		p.oauth2.WriteAccessError(r.Context(), w, request, err)
		return
	}
	response, err := p.oauth2.NewAccessResponse(r.Context(), request)
	if err != nil {
		p.oauth2.WriteAccessError(r.Context(), w, request, err)
		return
	}
	p.oauth2.WriteAccessResponse(r.Context(), w, request, response)
}
