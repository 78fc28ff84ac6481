package oidc

import (
	"fmt"
	"maps"
	"os"
	"slices"

	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/utils/ptr"
)

// Flags are the --oidc-* flags: one provider, a part of what a file can say.
type Flags struct {
	// IssuerURL and ClientID name the provider and the audience of its tokens.
	IssuerURL, ClientID string
	// CAFile has the CAs of the provider's certificate; empty: the system's.
	CAFile string
	// UsernameClaim and UsernamePrefix make the user's name. An empty prefix
	// means the issuer's URL and "#", except for the claim "email"; "-" means
	// none.
	UsernameClaim, UsernamePrefix string
	// GroupsClaim and GroupsPrefix make the groups.
	GroupsClaim, GroupsPrefix string
	// RequiredClaims must have these values.
	RequiredClaims map[string]string
}

// Configuration returns what the flags mean as a file.
func (f Flags) Configuration() (*apiserver.AuthenticationConfiguration, error) {
	prefix := f.UsernamePrefix
	switch {
	case prefix == "-":
		prefix = ""
	case prefix == "" && f.UsernameClaim != "email":
		prefix = f.IssuerURL + "#"
	}
	jwt := apiserver.JWTAuthenticator{
		Issuer: apiserver.Issuer{URL: f.IssuerURL, Audiences: []string{f.ClientID}},
		ClaimMappings: apiserver.ClaimMappings{
			Username: apiserver.PrefixedClaimOrExpression{Claim: f.UsernameClaim, Prefix: &prefix},
		},
	}
	if f.GroupsClaim != "" {
		jwt.ClaimMappings.Groups = apiserver.PrefixedClaimOrExpression{Claim: f.GroupsClaim, Prefix: ptr.To(f.GroupsPrefix)}
	}
	for _, claim := range slices.Sorted(maps.Keys(f.RequiredClaims)) {
		jwt.ClaimValidationRules = append(jwt.ClaimValidationRules, apiserver.ClaimValidationRule{Claim: claim, RequiredValue: f.RequiredClaims[claim]})
	}
	if f.CAFile != "" {
		ca, err := os.ReadFile(f.CAFile)
		if err != nil {
			return nil, fmt.Errorf("--oidc-ca-file: %w", err)
		}
		jwt.Issuer.CertificateAuthority = string(ca)
	}
	return &apiserver.AuthenticationConfiguration{JWT: []apiserver.JWTAuthenticator{jwt}}, nil
}
