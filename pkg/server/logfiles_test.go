package server

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	restful "github.com/emicklei/go-restful/v3"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestLogFiles expects what kube-apiserver answers.
func TestLogFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	testutil.Check(t, os.MkdirAll(filepath.Join(dir, "pods"), 0o700))
	testutil.Check(t, os.WriteFile(filepath.Join(dir, "pods", "a.log"), []byte("started"), 0o600))
	testutil.Check(t, os.WriteFile(filepath.Join(dir, "..", "secret"), []byte("secret"), 0o600))
	container := restful.NewContainer()
	container.Add(logFiles(dir))
	for _, test := range []struct {
		name, method, path string
		code               int
		location, body     string
	}{
		{"without a slash", http.MethodGet, "/logs", http.StatusMovedPermanently, "logs/", ""},
		{"list", http.MethodGet, "/logs/", http.StatusOK, "", `<a href="pods/">pods/</a>`},
		{"folder without a slash", http.MethodGet, "/logs/pods", http.StatusMovedPermanently, "pods/", ""},
		{"folder", http.MethodGet, "/logs/pods/", http.StatusOK, "", "a.log"},
		{"file", http.MethodGet, "/logs/pods/a.log", http.StatusOK, "", "started"},
		{"no such file", http.MethodGet, "/logs/pods/b.log", http.StatusNotFound, "", "404 page not found"},
		{"name too long", http.MethodGet, "/logs/" + strings.Repeat("x", 300), http.StatusNotFound, "", "file not found"},
		{"outside", http.MethodGet, "/logs/../secret", http.StatusBadRequest, "", "invalid URL path"},
		{"outside, encoded", http.MethodGet, "/logs/..%2fsecret", http.StatusBadRequest, "", "invalid URL path"},
		{"write", http.MethodPost, "/logs/pods/a.log", http.StatusMethodNotAllowed, "", ""},
	} {
		w := httptest.NewRecorder()
		container.Dispatch(w, httptest.NewRequest(test.method, test.path, nil))
		if w.Code != test.code || w.Header().Get("Location") != test.location || !strings.Contains(w.Body.String(), test.body) {
			t.Errorf("%s: %d %v %s", test.name, w.Code, w.Header(), w.Body)
		}
	}
}
