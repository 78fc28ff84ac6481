package openapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"k8s.io/kube-openapi/pkg/cached"
	"k8s.io/kube-openapi/pkg/handler3"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// builds counts how often a document is built.
type builds int

func (b *builds) v3(title string) cached.Value[*spec3.OpenAPI] {
	return cached.Func(func() (*spec3.OpenAPI, string, error) {
		*b++
		return &spec3.OpenAPI{Version: "3.0.0", Info: &spec.Info{InfoProps: spec.InfoProps{Title: title, Version: "v1"}}, Paths: &spec3.Paths{}}, "", nil
	})
}

func (b *builds) v2(title string) func() (*spec.Swagger, error) {
	return func() (*spec.Swagger, error) {
		*b++
		if title == "" {
			return nil, errors.New("no title")
		}
		info := &spec.Info{InfoProps: spec.InfoProps{Title: title, Version: "v1"}}
		return &spec.Swagger{SwaggerProps: spec.SwaggerProps{Swagger: "2.0", Info: info, Paths: &spec.Paths{}}}, nil
	}
}

func get(handler http.HandlerFunc, uri string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, uri, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler(w, r)
	return w
}

// title returns the title of a document in JSON.
func title(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var document struct{ Info struct{ Title string } }
	testutil.Check(t, json.Unmarshal(w.Body.Bytes(), &document))
	return document.Info.Title
}

const protobufV3 = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf"

// TestV3IsBuiltOnce checks that a document is built by the first request, and again only
// when it was replaced.
func TestV3IsBuiltOnce(t *testing.T) {
	var count, others builds
	s := newServedV3()
	s.UpdateGroupVersionLazy("apis/a.example.com/v1", count.v3("first"))
	s.UpdateGroupVersionLazy("apis/b.example.com/v1", others.v3("other"))
	if count != 0 {
		t.Errorf("built %d times without a request", count)
	}
	address := func() string {
		var list handler3.OpenAPIV3Discovery
		testutil.Check(t, json.Unmarshal(get(s.list, rootV3).Body.Bytes(), &list))
		return list.Paths["apis/a.example.com/v1"].ServerRelativeURL
	}
	before := address()
	w := get(s.document, before)
	if title(t, w) != "first" || w.Header().Get("Cache-Control") == "" {
		t.Errorf("%s: %s %v", before, w.Body, w.Header())
	}
	if w = get(s.document, before, "Accept", protobufV3); w.Body.Len() == 0 || w.Header().Get("Content-Type") != mediaTypesV3[1].returned {
		t.Errorf("protobuf: %q %v", w.Body, w.Header())
	}
	if address() != before || count != 1 {
		t.Errorf("built %d times", count)
	}
	s.UpdateGroupVersionLazy("apis/a.example.com/v1", count.v3("second"))
	if w = get(s.document, before); w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != address() {
		t.Errorf("the old address: %d %v", w.Code, w.Header())
	}
	if w = get(s.document, address()); title(t, w) != "second" || count != 2 {
		t.Errorf("a replaced document: %s, built %d times", w.Body, count)
	}
	if w = get(s.document, address(), "Accept", "text/html"); w.Code != http.StatusNotAcceptable {
		t.Errorf("another type: %d", w.Code)
	}
	gone := address()
	s.DeleteGroupVersion("apis/a.example.com/v1")
	if w = get(s.document, gone); w.Body.Len() > 0 || address() != "" {
		t.Errorf("a document that is gone: %q", w.Body)
	}
}

// TestV2IsBuiltOnce checks that the document is built by the first request, and again only
// when there is another version.
func TestV2IsBuiltOnce(t *testing.T) {
	var count builds
	s := &servedV2{build: count.v2("first")}
	w := get(s.ServeHTTP, rootV2)
	if title(t, w) != "first" || get(s.ServeHTTP, rootV2).Body.String() != w.Body.String() || count != 1 {
		t.Errorf("%s, built %d times", w.Body, count)
	}
	if w = get(s.ServeHTTP, rootV2, "If-None-Match", w.Header().Get("Etag")); w.Code != http.StatusNotModified {
		t.Errorf("the same ETag: %d", w.Code)
	}
	if w = get(s.ServeHTTP, rootV2, "Accept", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"); w.Body.Len() == 0 || count != 1 {
		t.Errorf("protobuf: %q, built %d times", w.Body, count)
	}
	for i, c := range []struct {
		title, want string
		builds      builds
	}{{"second", "second", 1}, {"", "second", 1}, {"", "second", 1}, {"third", "third", 1}} {
		count = 0
		s.Update(count.v2(c.title), strconv.Itoa(i))
		if w = get(s.ServeHTTP, rootV2); title(t, w) != c.want || count != c.builds {
			t.Errorf("%q after an update with %q, built %d times", title(t, w), c.title, count)
		}
	}
	if w = get(s.ServeHTTP, rootV2, "Accept", "text/html"); w.Code != http.StatusNotAcceptable {
		t.Errorf("another type: %d", w.Code)
	}
	none := &servedV2{build: count.v2("")}
	if w = get(none.ServeHTTP, rootV2); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a document that cannot be built: %d", w.Code)
	}
}
