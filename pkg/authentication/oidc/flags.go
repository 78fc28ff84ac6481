package oidc

import (
	"fmt"
	"maps"
	"os"
	"slices"

	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/utils/ptr"
)

// Flags contains the --oidc-* flags, which describe one provider. A file can
// express more.
type Flags struct {
	// IssuerURL names the provider. ClientID is the audience of its tokens.
	IssuerURL, ClientID string
	// CAFile contains the CA certificates that verify the provider's
	// certificate. If it is empty, those of the system are used.
	CAFile string
	// UsernameClaim is the claim that contains the user's name, and
	// UsernamePrefix is added to it. An empty prefix means the issuer's URL
	// followed by "#", but no prefix for the claim "email". The prefix "-"
	// means no prefix.
	UsernameClaim, UsernamePrefix string
	// GroupsClaim is the claim that contains the groups, and GroupsPrefix is
	// added to each of them.
	GroupsClaim, GroupsPrefix string
	// RequiredClaims are claims that a token must have with these values.
	RequiredClaims map[string]string
}

// Configuration converts the flags to the configuration that a file would
// contain.
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
