package openapi

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"

	"github.com/munnerz/goautoneg"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/kube-openapi/pkg/handler"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// rootV2 is the path of the v2 document.
const rootV2 = "/openapi/v2"

// servedV2 serves the v2 document. It takes the place of the library's
// handler.OpenAPIService, which keeps the document as Go values.
type servedV2 struct {
	// current, if it is not nil, returns the function that builds the document, and a
	// version, which is another one when the document has changed.
	current func() (build func() (*spec.Swagger, error), version string)

	mu sync.Mutex
	// build and version are the document when current is nil.
	build    func() (*spec.Swagger, error)
	version  string
	document *served
	// of is the version of the document.
	of string
}

// Update implements customresources.OpenAPIV2.
func (s *servedV2) Update(build func() (*spec.Swagger, error), version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.build, s.version = build, version
}

// read returns the document. If a changed one cannot be built, it returns the last one.
func (s *servedV2) read(e encoding) (content, error) {
	s.mu.Lock()
	build, version := s.build, s.version
	if s.current != nil {
		build, version = s.current()
	}
	document, last := s.document, s.document
	if document == nil || s.of != version {
		document = newServed(func() ([]byte, error) {
			swagger, err := build()
			if err != nil {
				return nil, err
			}
			return swagger.MarshalJSON()
		}, handler.ToProtoBinary)
		s.document, s.of = document, version
	}
	s.mu.Unlock()
	c, err := document.read(e)
	if err == nil || last == nil || last == document {
		return c, err
	}
	utilruntime.HandleError(err)
	s.mu.Lock()
	if s.document == document {
		s.document, s.of = last, "" // so that the next request tries again
	}
	s.mu.Unlock()
	return last.read(e)
}

// mediaTypesV2 are the media types of the document in the order in which a wildcard prefers
// them.
var mediaTypesV2 = []mediaType{
	{"json", "application/json", asJSON},
	{"com.github.proto-openapi.spec.v2@v1.0+protobuf", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", asProtobuf},
	{"com.github.proto-openapi.spec.v2.v1.0+protobuf", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", asProtobuf},
}

// ServeHTTP implements http.Handler.
func (s *servedV2) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	m, ok := negotiate(clauses(r), mediaTypesV2)
	if !ok {
		w.WriteHeader(http.StatusNotAcceptable)
		return
	}
	c, err := s.read(m.encoding)
	if err != nil {
		utilruntime.HandleErrorWithContext(r.Context(), err, "The OpenAPI v2 document cannot be built")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", m.returned)
	w.Header().Set("Etag", strconv.Quote(c.etag))
	http.ServeContent(w, r, rootV2, c.modified, bytes.NewReader(c.data))
}

// mediaType is one of those in which a document is served.
type mediaType struct {
	// subtype is what a client asks for, and returned what it gets.
	subtype, returned string
	encoding          encoding
}

// clauses returns the media types that the client accepts, the preferred one first.
func clauses(r *http.Request) []goautoneg.Accept {
	accept := r.Header.Get("Accept")
	if accept == "" {
		accept = "*/*"
	}
	return goautoneg.ParseAccept(accept)
}

// negotiate returns the first media type that the client accepts.
func negotiate(clauses []goautoneg.Accept, served []mediaType) (mediaType, bool) {
	for _, clause := range clauses {
		for _, m := range served {
			if (clause.Type == "application" || clause.Type == "*") && (clause.SubType == m.subtype || clause.SubType == "*") {
				return m, true
			}
		}
	}
	return mediaType{}, false
}
