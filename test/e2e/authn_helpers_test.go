package e2e

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

func isUnauthorized(err error) bool { return apierrors.IsUnauthorized(err) }

// changeClaim returns the token with another payload and the old signature.
func changeClaim(t testing.TB, token, claim string, value any) string {
	t.Helper()
	parts := strings.Split(token, ".")
	claims := map[string]any{}
	decodePart(t, parts[1], &claims)
	claims[claim] = value
	parts[1] = encodePart(t, claims)
	return strings.Join(parts, ".")
}

// algorithmNone returns the token with a header that says it is not signed.
func algorithmNone(t testing.TB, token string) string {
	t.Helper()
	return encodePart(t, map[string]string{"alg": "none"}) + "." + strings.Split(token, ".")[1] + "."
}

func decodePart(t testing.TB, part string, into any) {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(part)
	testutil.Check(t, err)
	testutil.Check(t, json.Unmarshal(data, into))
}

func encodePart(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	testutil.Check(t, err)
	return base64.RawURLEncoding.EncodeToString(data)
}

// decode reads the body of a response that is not an error.
func decode(t testing.TB, r response, into any) {
	t.Helper()
	if r.code < 300 {
		testutil.Check(t, json.Unmarshal(r.body, into))
	}
}
