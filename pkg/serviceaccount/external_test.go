package serviceaccount_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"gopkg.in/go-jose/go-jose.v2/jwt"
	externaljwt "k8s.io/externaljwt/apis/v1"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount/signertest"
)

func connect(t *testing.T, s *signertest.Signer) *serviceaccount.Tokens {
	t.Helper()
	external, err := serviceaccount.Connect(t.Context(), s.Socket)
	testutil.Check(t, err)
	t.Cleanup(external.Close)
	return serviceaccount.New(serviceaccount.Config{Keys: external, Issuers: []string{serviceaccount.DefaultIssuer}})
}

func sign(t *testing.T, tokens *serviceaccount.Tokens, id string) string {
	t.Helper()
	token, err := tokens.Sign(t.Context(), &serviceaccount.Claims{Claims: jwt.Claims{Subject: "someone", ID: id}})
	testutil.Check(t, err)
	return token
}

// TestConnectRefuses expects the errors of kube-apiserver.
func TestConnectRefuses(t *testing.T) {
	const fill = "while setting up external-jwt-signer: while initially filling key cache: while performing initial cache fill: while fetching token verification keys: "
	down := status.Error(codes.Internal, "nope")
	keys := func(change func(*externaljwt.FetchKeysResponse)) func(*signertest.Answers) {
		return func(a *signertest.Answers) {
			a.FetchKeys = func(r *externaljwt.FetchKeysResponse) error { change(r); return nil }
		}
	}
	for _, test := range []struct {
		name   string
		change func(*signertest.Answers)
		want   string
	}{
		{"short lifetime", func(a *signertest.Answers) { a.MaxExpirationSeconds = 599 },
			"max token life supported by external-jwt-signer (599s) is less than acceptable (min 600s)"},
		{"no metadata", func(a *signertest.Answers) { a.Metadata = func(*externaljwt.MetadataResponse) error { return down } },
			"while setting up external-jwt-signer: rpc error: code = Internal desc = nope"},
		{"error", func(a *signertest.Answers) { a.FetchKeys = func(*externaljwt.FetchKeysResponse) error { return down } },
			fill + "while getting externally supported jwt signing keys: rpc error: code = Internal desc = nope"},
		{"no keys", keys(func(r *externaljwt.FetchKeysResponse) { r.Keys = nil }), fill + "found no keys"},
		{"no time", keys(func(r *externaljwt.FetchKeysResponse) { r.DataTimestamp = nil }), fill + "invalid data timestamp: "},
		{"no hint", keys(func(r *externaljwt.FetchKeysResponse) { r.RefreshHintSeconds = 0 }), fill + "found invalid refresh hint (0s)"},
		{"negative hint", keys(func(r *externaljwt.FetchKeysResponse) { r.RefreshHintSeconds = -1 }), fill + "found invalid refresh hint (-1s)"},
		{"no id", keys(func(r *externaljwt.FetchKeysResponse) { r.Keys[0].KeyId = "" }), fill + `found invalid public key id ""`},
		{"long id", keys(func(r *externaljwt.FetchKeysResponse) { r.Keys[0].KeyId = strings.Repeat("k", 1025) }), fill + `found invalid public key id "kkk`},
		{"garbage", keys(func(r *externaljwt.FetchKeysResponse) { r.Keys[0].Key = []byte("garbage") }), fill + "while parsing external public keys: asn1: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := signertest.Start(t)
			s.Change(test.change)
			if _, err := serviceaccount.Connect(t.Context(), s.Socket); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func TestConnectWithoutSigner(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := serviceaccount.Connect(ctx, t.TempDir()+"/none")
	if err == nil || !strings.Contains(err.Error(), "while getting externally supported jwt signing keys") {
		t.Error(err)
	}
}

// TestExternalSign expects the errors of kube-apiserver for headers that are not right.
func TestExternalSign(t *testing.T) {
	s := signertest.Start(t)
	s.AddKey("hidden")
	s.Change(func(a *signertest.Answers) {
		a.FetchKeys = func(r *externaljwt.FetchKeysResponse) error {
			for _, k := range r.Keys {
				k.ExcludeFromOidcDiscovery = k.KeyId == "hidden"
			}
			return nil
		}
	})
	tokens := connect(t, s)
	for _, test := range []struct{ name, header, want string }{
		{"good", "", ""},
		{"more fields", `{"alg":"ES256","kid":"first","typ":"JWT","x":1}`, `while parsing header JSON: json: unknown field "x"`},
		{"no key id", `{"alg":"ES256","typ":"JWT"}`, "key id missing"},
		{"long key id", `{"alg":"ES256","typ":"JWT","kid":"` + strings.Repeat("k", 1025) + `"}`, "key id longer than 1 kb"},
		{"symmetric", `{"alg":"HS256","kid":"first","typ":"JWT"}`, `bad signing algorithm "HS256"`},
		{"no algorithm", `{"alg":"none","kid":"first","typ":"JWT"}`, `bad signing algorithm "none"`},
		{"no type", `{"alg":"ES256","kid":"first"}`, "bad type"},
		{"not JSON", "notjson", "while parsing header JSON: invalid character 'o' in literal null (expecting 'u')"},
		{"two headers", `{"alg":"ES256","kid":"first","typ":"JWT"}{}`, "while parsing header JSON: "},
		{"unpublished key", `{"alg":"ES256","kid":"hidden","typ":"JWT"}`, "key used for signing JWT (kid: hidden) is excluded from OIDC discovery docs"},
	} {
		s.Change(func(a *signertest.Answers) { a.Header = test.header })
		token, err := tokens.Sign(t.Context(), &serviceaccount.Claims{Claims: jwt.Claims{Subject: "someone"}})
		if test.want == "" {
			testutil.Check(t, err)
			if claims, err := tokens.Verify(t.Context(), token); err != nil || claims.Subject != "someone" {
				t.Errorf("%s: %v, %v", test.name, claims, err)
			}
		} else if err == nil || !strings.HasPrefix(err.Error(), "while validating header: "+test.want) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
	s.Change(func(a *signertest.Answers) {
		a.Header, a.Sign = "", func(*externaljwt.SignJWTResponse) error { return status.Error(codes.Internal, "boom") }
	})
	_, err := tokens.Sign(t.Context(), &serviceaccount.Claims{})
	if err == nil || err.Error() != "while signing jwt: rpc error: code = Internal desc = boom" {
		t.Error(err)
	}
	if set, err := tokens.JWKS(); err != nil || !strings.Contains(string(set), `"kid":"first"`) || strings.Contains(string(set), "hidden") {
		t.Errorf("%s, %v", set, err)
	}
}

// TestExternalRotation signs with a key that the server has not seen yet.
func TestExternalRotation(t *testing.T) {
	s := signertest.Start(t)
	tokens := connect(t, s)
	first := sign(t, tokens, "1")
	s.AddKey("second")
	s.Change(func(a *signertest.Answers) { a.KeyID = "second" })
	second := sign(t, tokens, "2")
	for _, token := range []string{first, second, first} {
		if claims, err := tokens.Verify(t.Context(), token); claims == nil || err != nil {
			t.Errorf("%v, %v", claims, err)
		}
	}
	if got := s.Fetches(); got != 2 {
		t.Errorf("asked %d times for the keys, want once at the start and once for the unknown key", got)
	}
	s.Change(func(a *signertest.Answers) {
		a.KeyID, a.FetchKeys = "third", func(*externaljwt.FetchKeysResponse) error { return errors.New("down") }
	})
	s.AddKey("third")
	third := sign(t, tokens, "3")
	if _, err := tokens.Verify(t.Context(), third); err == nil {
		t.Error("a token with a key that cannot be fetched is accepted")
	}
	if claims, err := tokens.Verify(t.Context(), second); claims == nil || err != nil {
		t.Errorf("the previous keys are gone: %v", err)
	}
}
