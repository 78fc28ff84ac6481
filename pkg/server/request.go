package server

import (
	"net/http"

	"go.opentelemetry.io/otel/trace"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/stack"
)

// withRoom lets the goroutine of a connection's request have a sufficient stack.
func withRoom(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stack.Grow()
		handler.ServeHTTP(w, r)
	})
}

// authenticateWithRoom lets the goroutine to which the library's time limit hands a request
// have a sufficient stack. Authentication is the first thing that is ours in it.
type authenticateWithRoom struct{ authenticator.Request }

// AuthenticateRequest implements authenticator.Request.
func (a authenticateWithRoom) AuthenticateRequest(r *http.Request) (*authenticator.Response, bool, error) {
	stack.GrowMuch()
	return a.Request.AuthenticateRequest(r)
}

// nearContext repeats the values at the end of the request's context that handlers ask for most often.
// The filters of the library have added thirty others by then, and a context looks
// at one after the other.
func nearContext(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if info, ok := genericapirequest.RequestInfoFrom(ctx); ok {
			ctx = genericapirequest.WithRequestInfo(ctx, info)
		}
		ctx = trace.ContextWithSpan(ctx, trace.SpanFromContext(ctx))
		handler.ServeHTTP(w, r.WithContext(ctx))
	})
}
