package responses

import (
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"testing"

	restful "github.com/emicklei/go-restful/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// TestResponses compares responses with those of the library.
func TestResponses(t *testing.T) {
	cache := &Cache{}
	cached := New(codecs(), cache)
	for name, test := range map[string]struct {
		encoding, verb string
		object         runtime.Object
	}{
		"large list":              {"gzip", "list", configMaps(3000)},
		"large list again":        {"gzip", "list", configMaps(3000)},
		"small list":              {"gzip", "list", configMaps(20)},
		"just below the limit":    {"gzip", "list", configMaps(800)},
		"among other encodings":   {"br, gzip", "list", configMaps(3000)},
		"other encoding":          {"br", "list", configMaps(3000)},
		"no encoding":             {"", "list", configMaps(3000)},
		"single object":           {"gzip", "get", &corev1.ConfigMap{BinaryData: map[string][]byte{"a": random(200_000)}}},
		"large object of a list":  {"gzip", "list", &corev1.ConfigMap{BinaryData: map[string][]byte{"a": random(200_000)}}},
		"what is not implemented": {"gzip", "list", nil},
	} {
		for _, mediaType := range append(mediaTypes, runtime.ContentTypeYAML) {
			t.Run(name+"/"+mediaType, func(t *testing.T) {
				serve := func(s runtime.NegotiatedSerializer, filters ...restful.FilterFunction) *httptest.ResponseRecorder {
					r := httptest.NewRequest(http.MethodGet, "/", nil)
					r.Header.Set("Accept", mediaType)
					r.Header.Set("Accept-Encoding", test.encoding)
					r = r.WithContext(genericapirequest.WithRequestInfo(r.Context(), &genericapirequest.RequestInfo{Verb: test.verb}))
					w := httptest.NewRecorder()
					chain := restful.FilterChain{Filters: filters, Target: func(r *restful.Request, w *restful.Response) {
						if test.object == nil {
							w.ResponseWriter.WriteHeader(http.StatusNotImplemented)
							return
						}
						responsewriters.WriteObjectNegotiated(s, negotiation.DefaultEndpointRestrictions, corev1.SchemeGroupVersion,
							w.ResponseWriter, r.Request, http.StatusOK, test.object.DeepCopyObject(), false)
					}}
					chain.ProcessFilter(restful.NewRequest(r), restful.NewResponse(w))
					return w
				}
				want, got := serve(codecs()), serve(cached, cache.Compress)
				if got.Code != want.Code || len(got.Header()) != len(want.Header()) {
					t.Errorf("%d %v, want %d %v", got.Code, got.Header(), want.Code, want.Header())
				}
				for key := range want.Header() {
					if got.Header().Get(key) != want.Header().Get(key) {
						t.Errorf("%s: %s, want %s", key, got.Header().Get(key), want.Header().Get(key))
					}
				}
				if want.Header().Get("Content-Encoding") == "gzip" {
					if gunzip(t, got.Body) != gunzip(t, want.Body) {
						t.Error("the bodies differ")
					}
				} else if got.Body.String() != want.Body.String() {
					t.Error("the bodies differ")
				}
			})
		}
	}
}

// TestPanic leaves the response incomplete.
func TestPanic(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	r = r.WithContext(genericapirequest.WithRequestInfo(r.Context(), &genericapirequest.RequestInfo{Verb: "list"}))
	w := httptest.NewRecorder()
	chain := restful.FilterChain{Filters: []restful.FilterFunction{(&Cache{}).Compress}, Target: func(_ *restful.Request, w *restful.Response) {
		_, _ = w.ResponseWriter.Write([]byte("begin"))
		panic(http.ErrAbortHandler)
	}}
	func() {
		defer func() {
			if reason := recover(); reason != http.ErrAbortHandler {
				t.Errorf("recovered %v", reason)
			}
		}()
		chain.ProcessFilter(restful.NewRequest(r), restful.NewResponse(w))
	}()
	if w.Body.Len() > 0 {
		t.Errorf("%q was sent", w.Body)
	}
}

// TestCombine compares combined checksums with that of the whole text.
func TestCombine(t *testing.T) {
	text := random(70_000)
	for _, at := range []int{0, 1, 2, 100, 4096, 65_535, 69_999, 70_000} {
		first, second := text[:at], text[at:]
		if got, want := combine(crc32.ChecksumIEEE(first), crc32.ChecksumIEEE(second), len(second)), crc32.ChecksumIEEE(text); got != want {
			t.Errorf("split at %d: %08x, want %08x", at, got, want)
		}
	}
}
