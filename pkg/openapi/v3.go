package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"path"
	goruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/kube-openapi/pkg/cached"
	"k8s.io/kube-openapi/pkg/handler3"
	"k8s.io/kube-openapi/pkg/spec3"
)

// rootV3 is the path of the list of the v3 documents.
const rootV3 = "/openapi/v3"

// servedV3 serves the v3 documents of the group versions. It takes the place of the
// library's handler3.OpenAPIService, which keeps each document that was ever asked for
// as Go values and as text: some 2 MiB for a large custom resource, although a client
// that lists the documents asks for all of them and reads few. Here what remains of a
// document is its compressed text; see [served].
type servedV3 struct {
	mu        sync.Mutex
	documents map[string]*served
}

func newServedV3() *servedV3 { return &servedV3{documents: map[string]*served{}} }

// UpdateGroupVersionLazy adds or replaces the document of a group version, such as
// apis/apps/v1. It is built by the first request.
func (s *servedV3) UpdateGroupVersionLazy(name string, document cached.Value[*spec3.OpenAPI]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.documents[name] = newServed(func() ([]byte, error) {
		built, _, err := document.Get()
		if err != nil {
			return nil, err
		}
		return json.Marshal(built)
	}, handler3.ToV3ProtoBinary)
}

// DeleteGroupVersion removes the document of a group version.
func (s *servedV3) DeleteGroupVersion(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.documents, name)
}

// list answers with the paths of all documents.
func (s *servedV3) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	documents := maps.Clone(s.documents)
	s.mu.Unlock()
	data, modified, err := index(documents)
	if err != nil {
		utilruntime.HandleErrorWithContext(r.Context(), err, "The OpenAPI documents cannot be listed")
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Etag", strconv.Quote(etag(data)))
	w.Header().Set("Content-Type", "application/json")
	http.ServeContent(w, r, rootV3, modified, bytes.NewReader(data))
}

// index returns the list of the documents, each with the hash of its content, and the time
// of the last change.
func index(documents map[string]*served) (data []byte, modified time.Time, err error) {
	var mu sync.Mutex
	list := handler3.OpenAPIV3Discovery{Paths: map[string]handler3.OpenAPIV3DiscoveryGroupVersion{}}
	var all errgroup.Group
	all.SetLimit(goruntime.GOMAXPROCS(0))
	for name, document := range documents {
		all.Go(func() error {
			etag, at, err := document.version()
			mu.Lock()
			defer mu.Unlock()
			list.Paths[name] = handler3.OpenAPIV3DiscoveryGroupVersion{ServerRelativeURL: urlV3(name, etag)}
			if at.After(modified) {
				modified = at
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, modified, err
	}
	data, err = json.Marshal(list)
	return data, modified, err
}

// urlV3 returns the address of a document with a certain content.
func urlV3(name, etag string) string {
	address := url.URL{Path: path.Join(rootV3, name), RawQuery: url.Values{"hash": {etag}}.Encode()}
	return address.String()
}

var errNoDocument = errors.New("there is no such document")

func (s *servedV3) read(name string, e encoding) (content, error) {
	s.mu.Lock()
	document := s.documents[name]
	s.mu.Unlock()
	if document == nil {
		return content{}, errNoDocument
	}
	return document.read(e)
}

// mediaTypesV3 are the media types of the documents in the order in which a wildcard
// prefers them.
var mediaTypesV3 = []mediaType{
	{"json", "application/json", asJSON},
	{"com.github.proto-openapi.spec.v3.v1.0+protobuf", "application/com.github.proto-openapi.spec.v3.v1.0+protobuf", asProtobuf},
	{"com.github.proto-openapi.spec.v3@v1.0+protobuf", "application/com.github.proto-openapi.spec.v3.v1.0+protobuf", asProtobuf},
}

// document answers with the document of a group version. It writes nothing if there is
// none.
func (s *servedV3) document(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	accepted := clauses(r)
	if len(accepted) == 0 {
		return
	}
	m, ok := negotiate(accepted, mediaTypesV3)
	if !ok {
		w.WriteHeader(http.StatusNotAcceptable)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, rootV3+"/")
	c, err := s.read(name, m.encoding)
	switch {
	case errors.Is(err, errNoDocument):
	case err != nil:
		utilruntime.HandleErrorWithContext(r.Context(), err, "An OpenAPI document cannot be built", "document", name)
	default:
		w.Header().Set("Content-Type", m.returned)
		serveV3(w, r, name, c)
	}
}

// serveV3 answers with the content of a document. A client may keep what it has asked for
// with the right hash for ever; with another one it is sent to the right address.
func serveV3(w http.ResponseWriter, r *http.Request, name string, c content) {
	w.Header().Set("Etag", strconv.Quote(c.etag))
	if hash := r.URL.Query().Get("hash"); hash != "" {
		if hash != c.etag {
			http.Redirect(w, r, urlV3(name, c.etag), http.StatusMovedPermanently)
			return
		}
		w.Header().Set("Vary", "Accept")
		w.Header().Set("Cache-Control", "public, immutable")
		w.Header().Set("Expires", time.Now().AddDate(1, 0, 0).Format(time.RFC1123))
	}
	http.ServeContent(w, r, "", c.modified, bytes.NewReader(c.data))
}
