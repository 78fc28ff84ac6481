// Package bodies bounds what the body of a request may cost, before the body is
// decoded. The handlers of k8s.io/apiserver bound only its bytes
// (MaxRequestBodyBytes); within these, a body can be nested so deeply that the
// decoder overflows the stack, which ends the process, and YAML can repeat a
// value by aliases until the memory is exhausted. kube-apiserver has no such
// bounds.
//
// A body is checked while the handler reads it, after the request has been
// authorized. The handler answers the error of the reader:
//
//   - 400 BadRequest for a body, in any encoding, that is nested more deeply
//     than MaxDepth.
//   - 413 RequestEntityTooLarge for YAML that is larger than a body may be once
//     its aliases have been replaced by what they stand for.
package bodies

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// MaxDepth is the number of objects, lists or messages that may be nested in one
// another. The deepest custom resource definitions of large projects, those of
// Argo CD and Crossplane, have 35 levels. The decoders of JSON, YAML and CBOR
// themselves stop at 10,000 levels, that of protobuf does not stop; and 10,000
// levels already cost a gigabyte, because a merge patch is parsed again at each.
const MaxDepth = 1000

// usualDepth is more than the depth of the usual body in protobuf.
const usualDepth = 16

// Bound returns a handler that calls the next one with a body that is checked
// while it is read. maxBytes is how large YAML may be after its aliases have
// been replaced; it should be the limit for the bytes of a body. Long-running
// requests are not checked: their bodies go on to others, as in a proxy.
func Bound(next http.Handler, maxBytes int64, longRunning genericapirequest.LongRunningRequestCheck) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, ok := genericapirequest.RequestInfoFrom(r.Context())
		switch {
		case r.Body == nil || r.Body == http.NoBody:
		case !ok || !info.IsResourceRequest:
			r.Body = http.MaxBytesReader(w, r.Body, maxBytes)
		case !longRunning(r, info):
			r.Body = checked(r.Body, r.Header.Get("Content-Type"), maxBytes)
		}
		next.ServeHTTP(w, r)
	})
}

// checked returns a body whose Read fails when the body exceeds a bound. The
// encoding follows from the content type; one that no handler knows is answered
// with 415 before the body is read.
func checked(body io.ReadCloser, contentType string, maxBytes int64) io.ReadCloser {
	mediaType, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(mediaType)) {
	case runtime.ContentTypeYAML, string(types.ApplyYAMLPatchType):
		return &yamlBody{ReadCloser: body, maxBytes: maxBytes}
	case runtime.ContentTypeProtobuf:
		return &protobufBody{ReadCloser: body, scanner: protobufScanner{limit: MaxDepth, skip: len(protobufPrefix), ends: make([]int, 0, usualDepth)}}
	case runtime.ContentTypeCBOR, string(types.ApplyCBORPatchType):
		return &cborBody{ReadCloser: body, scanner: cborScanner{limit: MaxDepth}}
	default:
		return &jsonBody{ReadCloser: body, scanner: jsonScanner{limit: MaxDepth}}
	}
}

func tooDeep() error {
	return apierrors.NewBadRequest(fmt.Sprintf("the body of the request is nested more deeply than %d levels", MaxDepth))
}

func tooLarge(maxBytes int64) error {
	return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d, which the YAML exceeds with its aliases replaced", maxBytes))
}
