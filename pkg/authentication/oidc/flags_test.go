package oidc

import (
	"strings"
	"testing"
)

func TestUsernamePrefix(t *testing.T) {
	for _, tt := range []struct{ claim, prefix, want string }{
		{"sub", "", "https://issuer#"},
		{"sub", "-", ""},
		{"sub", "oidc:", "oidc:"},
		{"email", "", ""},
		{"email", "-", ""},
		{"email", "oidc:", "oidc:"},
	} {
		c, err := Flags{IssuerURL: "https://issuer", ClientID: "c", UsernameClaim: tt.claim, UsernamePrefix: tt.prefix}.Configuration()
		if err != nil {
			t.Fatal(err)
		}
		if got := *c.JWT[0].ClaimMappings.Username.Prefix; got != tt.want {
			t.Errorf("claim %q, prefix %q: %q, not %q", tt.claim, tt.prefix, got, tt.want)
		}
	}
}

func TestRequiredClaimsAreInOrder(t *testing.T) {
	flags := Flags{IssuerURL: "https://issuer", ClientID: "c", UsernameClaim: "sub", RequiredClaims: map[string]string{"c": "3", "a": "1", "b": "2"}}
	c, err := flags.Configuration()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, rule := range c.JWT[0].ClaimValidationRules {
		got = append(got, rule.Claim+"="+rule.RequiredValue)
	}
	if strings.Join(got, " ") != "a=1 b=2 c=3" {
		t.Errorf("rules %v", got)
	}
}

func TestParse(t *testing.T) {
	const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n"
	for name, tt := range map[string]struct{ content, want string }{
		"empty":          {"", "empty config"},
		"no kind":        {"jwt: []\n", "Kind' is missing"},
		"another kind":   {strings.Replace(head, "Authentication", "Authorization", 1), "expected AuthenticationConfiguration"},
		"unknown field":  {head + "jtw: []\n", `unknown field "jtw"`},
		"repeated field": {head + "jwt: []\njwt: []\n", `"jwt" already set`},
		"unknown group":  {strings.Replace(head, "k8s.io/v1", "k8s.io/v9", 1), "no kind"},
		"good":           {head + "jwt: []\n", ""},
	} {
		_, err := Parse([]byte(tt.content))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
