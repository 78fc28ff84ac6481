package aggregator

import (
	"context"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/klog/v2"
	"k8s.io/kube-openapi/pkg/aggregator"
	"k8s.io/kube-openapi/pkg/handler3"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

const (
	// pollInterval is the time between two reads of a document. After a failure
	// the time is pollRetry, and it doubles with each further failure up to
	// pollInterval.
	pollInterval = time.Minute
	pollRetry    = time.Second
	// pollTimeout limits the time of one read.
	pollTimeout = 30 * time.Second
)

// remoteSpec polls the OpenAPI documents of one remote APIService. Each has its
// own goroutine, so that a slow server does not delay the documents of others.
type remoteSpec struct {
	// path is the name of the OpenAPI v3 document: apis/<group>/<version>.
	path     string
	proxy    *proxy
	priority atomic.Int32

	v2 atomic.Pointer[documentV2]
	v3 atomic.Pointer[documentV3]

	poked signals.Pulse
	once  sync.Once
	ended *signals.Latch
}

func newRemoteSpec(group, version string, p *proxy) *remoteSpec {
	return &remoteSpec{
		path:  "apis/" + group + "/" + version,
		proxy: p,
		poked: signals.NewPulse(),
		ended: signals.NewLatch(),
	}
}

func (r *remoteSpec) start(ctx context.Context) {
	r.once.Do(func() { go r.run(ctx) })
}

// poke triggers a read now, for example because the server has become
// available.
func (r *remoteSpec) poke() { r.poked.Enqueue() }

// stop ends the goroutine that start has started.
func (r *remoteSpec) stop() { r.ended.Set() }

func (r *remoteSpec) run(ctx context.Context) {
	retry := pollRetry
	for {
		after := pollInterval
		if r.proxy.target.Load().available {
			if err := r.poll(ctx); err != nil && ctx.Err() == nil {
				klog.V(2).InfoS("Failed to read the OpenAPI documents of an aggregated API server", "document", r.path, "err", err)
				after, retry = retry, min(2*retry, pollInterval)
			} else {
				retry = pollRetry
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-r.ended.Done():
			return
		case <-r.poked:
		case <-time.After(after):
		}
	}
}

// poll reads both documents. If a read fails, the document of the last
// successful read stays in use.
func (r *remoteSpec) poll(ctx context.Context) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("processing the document caused a panic: %v", reason)
		}
	}()
	errV2 := r.pollV2(ctx)
	answer, err := r.get(ctx, openAPIV3, "")
	switch {
	case err != nil:
		return errors.Join(errV2, err)
	case answer.code == http.StatusNotFound:
		if d := r.v2.Load(); d != nil {
			return errors.Join(errV2, r.convertV2(d))
		}
		return errV2
	case answer.code != http.StatusOK:
		return errors.Join(errV2, fmt.Errorf("%s was answered with %d", openAPIV3, answer.code))
	}
	d, err := parseV3Root(answer.body.Bytes(), r.path)
	if err == nil {
		r.v3.Store(d)
	}
	return errors.Join(errV2, err)
}

func (r *remoteSpec) convertV2(d *documentV2) error {
	if last := r.v3.Load(); last != nil && last.from == d {
		return nil
	}
	v3, err := convert(r.path, d)
	if err == nil && v3 != nil {
		v3.from = d
		r.v3.Store(v3)
	}
	return err
}

func (r *remoteSpec) pollV2(ctx context.Context) error {
	last, etag := r.v2.Load(), ""
	if last != nil {
		etag = last.etag
	}
	answer, err := r.get(ctx, "/openapi/v2", etag)
	if err != nil {
		return err
	}
	switch answer.code {
	case http.StatusNotModified:
		return nil
	case http.StatusNotFound:
		r.v2.Store(nil) // the server does not have an OpenAPI v2 document
		return nil
	case http.StatusOK:
	default:
		return fmt.Errorf("/openapi/v2 was answered with %d", answer.code)
	}
	d := &documentV2{data: answer.body.Bytes(), etag: answer.header.Get("Etag"), prefix: "/" + r.path + "/"}
	if d.etag == "" {
		d.etag = fmt.Sprintf(`"%X"`, sha512.Sum512(d.data))
	}
	if last != nil && last.etag == d.etag {
		return nil
	}
	if _, err := d.parse(); err != nil {
		return err
	}
	r.v2.Store(d)
	return nil
}

// get reads a document as the user system:aggregator, as kube-apiserver does.
func (r *remoteSpec) get(ctx context.Context, path, etag string) (*document, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	ctx = genericapirequest.WithUser(ctx, &user.DefaultInfo{Name: "system:aggregator"})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	d := &document{header: http.Header{}, code: http.StatusOK, limit: maxOpenAPI, cancel: cancel}
	serveWithoutPanic(r.proxy, d, request)
	if d.err == nil {
		d.err = ctx.Err()
	}
	return d, d.err
}

// documentV2 is an OpenAPI v2 document as it was received.
type documentV2 struct {
	data []byte
	etag string
	// prefix is the path of the group version; paths outside it are ignored.
	prefix string
}

func (d *documentV2) parse() (swagger *spec.Swagger, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("processing the document caused a panic: %v", reason)
		}
	}()
	swagger = &spec.Swagger{}
	if err := swagger.UnmarshalJSON(d.data); err != nil {
		return nil, err
	}
	if swagger.Paths == nil {
		return nil, errors.New("the document has no paths")
	}
	return aggregator.FilterSpecByPathsWithoutSideEffects(swagger, []string{d.prefix}), nil
}

// documentV3 locates an OpenAPI v3 document.
type documentV3 struct {
	// url is relative to the remote server and contains the hash of the
	// content.
	url string
	// converted, if not nil, serves the document that was converted from
	// OpenAPI v2.
	converted *handler3.OpenAPIService
	from      *documentV2
}

// parseV3Root finds the document of one group version in the list of a remote
// server. It ignores all other entries, because the APIService registers only
// this group version for that server.
func parseV3Root(data []byte, path string) (*documentV3, error) {
	var list handler3.OpenAPIV3Discovery
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	entry, ok := list.Paths[path]
	if !ok {
		return nil, fmt.Errorf("the server has no document %s", path)
	}
	u, err := url.Parse(entry.ServerRelativeURL)
	if err != nil {
		return nil, err
	}
	out := url.URL{Path: openAPIV3 + "/" + strings.TrimPrefix(path, "/")}
	if hash := u.Query().Get("hash"); hash != "" {
		out.RawQuery = url.Values{"hash": {hash}}.Encode()
	}
	return &documentV3{url: out.String()}, nil
}
