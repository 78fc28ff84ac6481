// Package bodies bounds what the body of a request may cost, before the body is
// decoded. The handlers of k8s.io/apiserver bound only its bytes
// (MaxRequestBodyBytes); within these, a body can be nested so deeply that the
// decoder overflows the stack, which ends the process, and there are several ways
// to exhaust the memory or to keep a processor busy. kube-apiserver has no such
// bounds.
//
// A body is checked when the handler reads it, after the request has been
// authorized. The handler answers the error of the reader:
//
//   - 400 BadRequest for a body, in any encoding, that is nested more deeply
//     than MaxDepth.
//   - 400 BadRequest for a quantity with an exponent or a number of digits that
//     pkg/apis/quantities calls costly, such as "1e-2147483647".
//   - 413 RequestEntityTooLarge for a body of more than MaxObjects objects and
//     lists.
//   - 413 RequestEntityTooLarge for YAML that is larger than a body may be once
//     its aliases have been replaced by what they stand for.
//
// One pass over the bytes, which knows no types, finds nearly always that there
// is nothing to refuse. Only if a text in the body looks like a costly quantity,
// or if protobuf has so many fields that they might be too many messages, the body
// is walked along the Go type into which it will be decoded. A JSON patch always
// is, because it can copy a text that is already stored to where it is a quantity.
package bodies

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// MaxDepth is the number of objects, lists or messages that may be nested in one
// another. The deepest custom resource definitions of large projects, those of
// Argo CD and Crossplane, have 35 levels. The decoders of JSON, YAML and CBOR
// themselves stop at 10,000 levels, that of protobuf does not stop; and 10,000
// levels already cost a gigabyte, because a merge patch is parsed again at each.
const MaxDepth = 1000

// MaxObjects is the number of objects and lists, or of messages, that may be in a
// body. An empty object has two bytes, and what the server makes of it has
// kilobytes. A config map of 1.5 MB with 50,000 keys has 50,000 of them in its
// managed fields, a definition of 3 MB about as many.
const MaxObjects = 100_000

// Bound returns a handler that calls the next one with a body that is checked
// when it is read. maxBytes is how large YAML may be after its aliases have been
// replaced; it must be the limit for the bytes of a body. Long-running requests
// are not checked: their bodies go on to others, as in a proxy.
func Bound(next http.Handler, maxBytes int64, longRunning genericapirequest.LongRunningRequestCheck, types Types) http.Handler {
	c := &checker{limits: limits{depth: MaxDepth, objects: MaxObjects}, maxBytes: maxBytes, types: types}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, ok := genericapirequest.RequestInfoFrom(r.Context())
		switch {
		case r.Body == nil || r.Body == http.NoBody:
		case !ok || !info.IsResourceRequest:
			r.Body = http.MaxBytesReader(w, r.Body, maxBytes)
		case !longRunning(r, info):
			r.Body = &body{ReadCloser: r.Body, checker: c, info: info, contentType: r.Header.Get("Content-Type")}
		}
		next.ServeHTTP(w, r)
	})
}

// limits are the bounds of what can be counted without types.
type limits struct{ depth, objects int }

// check fails if a number exceeds its limit.
func (l limits) check(depth, objects int) error {
	if depth > l.depth {
		return tooDeep()
	}
	if objects > l.objects {
		return l.tooMany()
	}
	return nil
}

func (l limits) tooMany() error {
	return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d objects and lists in the body", l.objects))
}

func tooDeep() error {
	return apierrors.NewBadRequest(fmt.Sprintf("the body of the request is nested more deeply than %d levels", MaxDepth))
}

func tooLarge(maxBytes int64) error {
	return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d, which the YAML exceeds with its aliases replaced", maxBytes))
}
