package aggregator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/klog/v2"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-openapi/pkg/aggregator"
	"k8s.io/kube-openapi/pkg/handler3"
	"k8s.io/kube-openapi/pkg/openapiconv"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// specs contains the OpenAPI documents of the remote servers. The documents of
// this server are not copied: they are built where they are served, on the
// first request.
type specs struct {
	// local is the handler of this server.
	local http.Handler

	mu      sync.RWMutex
	remotes map[string]*remoteSpec
	// ctx ends when the server stops. It is nil until the server runs.
	ctx context.Context
}

// addHooks adds the post-start hooks that poll the remote servers, under
// kube-apiserver's names.
func (s *specs) addHooks(server *genericapiserver.GenericAPIServer) error {
	if err := server.AddPostStartHook("apiservice-openapi-controller", func(c genericapiserver.PostStartHookContext) error {
		s.start(c)
		return nil
	}); err != nil {
		return err
	}
	return server.AddPostStartHook("apiservice-openapiv3-controller", func(genericapiserver.PostStartHookContext) error { return nil })
}

func (s *specs) start(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = ctx
	for _, r := range s.remotes {
		r.start(ctx)
	}
}

// update takes over a new or changed remote APIService; p is its proxy.
func (s *specs) update(service *apiregistrationv1.APIService, p *proxy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.remotes[service.Name]
	if r == nil {
		r = newRemoteSpec(service.Spec.Group, service.Spec.Version, p)
		if s.remotes == nil {
			s.remotes = map[string]*remoteSpec{}
		}
		s.remotes[service.Name] = r
		if s.ctx != nil {
			r.start(s.ctx)
		}
	}
	r.priority.Store(service.Spec.GroupPriorityMinimum)
	r.poke()
}

func (s *specs) remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.remotes[name]; r != nil {
		r.stop()
		delete(s.remotes, name)
	}
}

// sorted returns the documents of the remote servers, sorted by group priority.
func (s *specs) sorted() []*remoteSpec {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]*remoteSpec, 0, len(s.remotes))
	for _, r := range s.remotes {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *remoteSpec) int {
		if by := b.priority.Load() - a.priority.Load(); by != 0 {
			return int(by)
		}
		return strings.Compare(a.path, b.path)
	})
	return all
}

// MergeOpenAPIV2 returns the OpenAPI v2 document of this server merged with
// those of the remote servers. Without remote documents it is the document of
// this server, unchanged.
func (a *Aggregator) MergeOpenAPIV2(local func() (*spec.Swagger, error)) *MergedOpenAPIV2 {
	return &MergedOpenAPIV2{specs: &a.specs, local: local}
}

// MergedOpenAPIV2 builds the merged document each time it is asked for. It keeps
// none.
type MergedOpenAPIV2 struct {
	specs *specs

	mu      sync.Mutex
	local   func() (*spec.Swagger, error)
	version string
}

// Update replaces the document of this server. The version is another one for each
// document.
func (m *MergedOpenAPIV2) Update(build func() (*spec.Swagger, error), version string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.local, m.version = build, version
}

// Current returns the function that builds the document, and a version, which is
// another one when the document has changed.
func (m *MergedOpenAPIV2) Current() (build func() (*spec.Swagger, error), version string) {
	m.mu.Lock()
	local, version := m.local, m.version
	m.mu.Unlock()
	var documents []*documentV2
	sum := sha256.New()
	fmt.Fprintln(sum, version)
	for _, r := range m.specs.sorted() {
		if d := r.v2.Load(); d != nil {
			documents = append(documents, d)
			fmt.Fprintln(sum, r.path, d.etag)
		}
	}
	if len(documents) == 0 {
		return local, version
	}
	return func() (*spec.Swagger, error) {
		own, err := local()
		if err != nil {
			return nil, err
		}
		return merge(own, documents), nil
	}, fmt.Sprintf("%x", sum.Sum(nil))
}

// merge adds the paths and definitions of the remote documents to those of this
// server. If a definition differs from an existing one of the same name, it is
// renamed.
func merge(own *spec.Swagger, documents []*documentV2) *spec.Swagger {
	merged := *own
	merged.Paths, merged.Definitions, merged.Parameters = nil, nil, nil
	if err := aggregator.MergeSpecsIgnorePathConflictRenamingDefinitionsAndParameters(&merged, own); err != nil {
		klog.ErrorS(err, "Failed to merge the OpenAPI document of this server")
		return own
	}
	for _, d := range documents {
		swagger, err := d.parse()
		if err == nil {
			err = aggregator.MergeSpecsIgnorePathConflictRenamingDefinitionsAndParameters(&merged, swagger)
		}
		if err != nil {
			klog.ErrorS(err, "Failed to merge the OpenAPI document of an aggregated API server", "paths", d.prefix)
		}
	}
	return &merged
}

// v3Handler returns the handler of an OpenAPI v3 path: of the list of
// documents, and of each remote document. It returns nil for paths that this
// server answers itself.
func (s *specs) v3Handler(path string) http.Handler {
	all := s.sorted()
	if path == openAPIV3 {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serveV3Root(w, r, all) })
	}
	name := strings.TrimPrefix(path, openAPIV3+"/")
	for _, remote := range all {
		if name != remote.path {
			continue
		}
		switch d := remote.v3.Load(); {
		case d == nil:
			return nil
		case d.converted != nil:
			return http.HandlerFunc(d.converted.HandleGroupVersion)
		default:
			return remote.proxy
		}
	}
	return nil
}

// serveV3Root answers with this server's list of documents, to which it adds
// those of the remote servers. A remote document never replaces one of this
// server.
func (s *specs) serveV3Root(w http.ResponseWriter, r *http.Request, all []*remoteSpec) {
	own := r.Clone(r.Context())
	own.Header.Del("If-None-Match")
	own.Header.Del("If-Modified-Since")
	own.Header.Del("Range")
	own.Header.Del("Accept-Encoding")
	d := &document{header: http.Header{}, code: http.StatusOK, limit: maxOpenAPI, cancel: func() {}}
	s.local.ServeHTTP(d, own)
	var list handler3.OpenAPIV3Discovery
	if err := json.Unmarshal(d.body.Bytes(), &list); err != nil || d.code != http.StatusOK || list.Paths == nil {
		s.local.ServeHTTP(w, r)
		return
	}
	for _, remote := range all {
		_, taken := list.Paths[remote.path]
		if document := remote.v3.Load(); document != nil && !taken {
			list.Paths[remote.path] = handler3.OpenAPIV3DiscoveryGroupVersion{ServerRelativeURL: document.url}
		}
	}
	data, err := json.Marshal(list)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	// Without a Content-Type, ServeContent answers text/plain. That looks wrong,
	// but kube-apiserver does the same.
	// The list has no ETag, and its time counts seconds: without this, a client that
	// asked in the second of a change would be told that there is none.
	r.Header.Del("If-Modified-Since")
	http.ServeContent(w, r, openAPIV3, time.Now(), bytes.NewReader(data))
}

// convert builds an OpenAPI v3 document for a remote server that only has v2.
func convert(path string, d *documentV2) (*documentV3, error) {
	swagger, err := d.parse()
	if err != nil {
		return nil, err
	}
	service := handler3.NewOpenAPIService()
	v3 := openapiconv.ConvertV2ToV3(swagger)
	service.UpdateGroupVersion(path, v3)
	root := &document{header: http.Header{}, code: http.StatusOK, limit: maxOpenAPI, cancel: func() {}}
	request, err := http.NewRequestWithContext(genericapirequest.NewContext(), http.MethodGet, openAPIV3, nil)
	if err != nil {
		return nil, err
	}
	service.HandleDiscovery(root, request)
	out, err := parseV3Root(root.body.Bytes(), path)
	if out != nil {
		out.converted = service
	}
	return out, err
}
