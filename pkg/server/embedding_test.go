package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// TestHandlerOfEmbedder uses the handler and the authenticator of a server as a program
// does that contains it, such as k3s.
func TestHandlerOfEmbedder(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens.csv")
	testutil.Check(t, os.WriteFile(tokens, []byte("secret,jane,1,developers\n"), 0o600))
	o := options.New()
	for _, section := range o.Flags().FlagSets {
		for name, value := range map[string]string{"data-dir": t.TempDir() + "/data", "secure-port": "0", "token-auth-file": tokens} {
			if section.Lookup(name) != nil {
				testutil.Check(t, section.Set(name, value))
			}
		}
	}
	completed, err := o.Complete()
	testutil.Check(t, err)
	s, err := server.New(t.Context(), completed)
	testutil.Check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	testutil.Check(t, s.Ready(ctx))

	get := func(path, token string) (*http.Request, int) {
		r := httptest.NewRequest(http.MethodGet, "https://example.com"+path, nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r.Clone(t.Context()))
		return r, w.Code
	}
	for _, test := range []struct {
		name, path, token string
		code              int
		user              string
	}{
		{"health", "/readyz", "", http.StatusOK, "system:anonymous"},
		{"somebody", "/api", "secret", http.StatusOK, "jane"},
		{"somebody without rights", "/api/v1/secrets", "secret", http.StatusForbidden, "jane"},
		{"a stranger", "/api", "guess", http.StatusUnauthorized, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, code := get(test.path, test.token)
			if code != test.code {
				t.Errorf("%s answers %d, not %d", test.path, code, test.code)
			}
			name := ""
			if who, ok, _ := s.Authenticator().AuthenticateRequest(r); ok {
				name = who.User.GetName()
			}
			if name != test.user {
				t.Errorf("the user is %q, not %q", name, test.user)
			}
		})
	}
	stop()
	testutil.Check(t, <-ended)
}
