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
	// pollInterval is how often documents are asked for; after a failure it
	// begins with pollRetry and doubles.
	pollInterval = time.Minute
	pollRetry    = time.Second
	// pollTimeout is how long a server may take for a document.
	pollTimeout = 30 * time.Second
)

// remoteSpec follows the OpenAPI documents of one remote APIService, in a
// goroutine of its own: a server that is slow is slow alone.
type remoteSpec struct {
	// path is the name of its document of version 3: apis/<group>/<version>.
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

// poke asks soon, for example because the server has become available.
func (r *remoteSpec) poke() { r.poked.Enqueue() }

// stop ends what start has begun.
func (r *remoteSpec) stop() { r.ended.Set() }

func (r *remoteSpec) run(ctx context.Context) {
	retry := pollRetry
	for {
		after := pollInterval
		if r.proxy.target.Load().available {
			if err := r.poll(ctx); err != nil && ctx.Err() == nil {
				klog.V(2).InfoS("Reading the OpenAPI documents of an aggregated API server", "document", r.path, "err", err)
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

// poll reads both documents. What was read before stays when that fails.
func (r *remoteSpec) poll(ctx context.Context) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the document made a library panic: %v", reason)
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
		r.v2.Store(nil) // it has none
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

// get reads a document as the user that kube-apiserver reads it as.
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

// documentV2 is a document of version 2 as it came.
type documentV2 struct {
	data []byte
	etag string
	// prefix is where the paths are that count.
	prefix string
}

func (d *documentV2) parse() (swagger *spec.Swagger, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the document made a library panic: %v", reason)
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

// documentV3 is where a document of version 3 is.
type documentV3 struct {
	// url is relative to the server, with the hash of the content.
	url string
	// converted, if set, serves the document, made of one of version 2.
	converted *handler3.OpenAPIService
	from      *documentV2
}

// parseV3Root finds the document of a group version in a server's list. What
// else is in there does not count: it is not registered to be that server's.
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
