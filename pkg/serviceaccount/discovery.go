package serviceaccount

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	jose "gopkg.in/go-jose/go-jose.v2"
)

const (
	// ConfigurationPath and JWKSPath are the paths of the OpenID Connect
	// documents.
	ConfigurationPath = "/.well-known/openid-configuration"
	JWKSPath          = "/openid/v1/jwks"
)

// configuration is the OpenID Connect discovery document, with the fields that
// a verifier of tokens needs.
type configuration struct {
	Issuer        string   `json:"issuer"`
	JWKSURI       string   `json:"jwks_uri"`
	ResponseTypes []string `json:"response_types_supported"`
	SubjectTypes  []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
}

// CheckDiscoverable returns an error if clients could not derive the URL of the
// discovery document from the issuer.
func CheckDiscoverable(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil:
		return fmt.Errorf("the issuer is not a URL: %w", err)
	case u.Scheme != "https":
		return fmt.Errorf("the issuer must be a URL with scheme https, not %q", u.Scheme)
	case u.Host == "":
		return errors.New("the issuer must be a URL with a host")
	case u.RawQuery != "" || u.ForceQuery:
		return errors.New("the issuer may not have a query")
	case u.Fragment != "":
		return errors.New("the issuer may not have a fragment")
	}
	return nil
}

// Configuration returns the discovery document. jwksURI is the URL of the keys.
func (t *Tokens) Configuration(jwksURI string) ([]byte, error) {
	var algorithms []string
	for _, k := range t.Keys.get().published() {
		algorithms = append(algorithms, string(k.algorithms[0]))
	}
	slices.Sort(algorithms)
	return json.Marshal(configuration{
		Issuer:        t.Issuer(),
		JWKSURI:       jwksURI,
		ResponseTypes: []string{"id_token"},
		SubjectTypes:  []string{"public"},
		Algorithms:    slices.Compact(algorithms),
	})
}

// JWKS returns the keys that verify tokens, as a JSON Web Key Set.
func (t *Tokens) JWKS() ([]byte, error) {
	var set jose.JSONWebKeySet
	for _, k := range t.Keys.get().published() {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.public, KeyID: k.id, Algorithm: string(k.algorithms[0]), Use: "sig"})
	}
	return json.Marshal(set)
}
