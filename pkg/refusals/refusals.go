// Package refusals records requests that a server refuses, and which part of
// it refused them. This tells the author of a test what went wrong without a
// look at logs.
package refusals

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/responsewriter"
)

// maxBody is how many bytes of an answer are kept, to find its message.
const maxBody = 16 << 10

// Refusal is a request that was answered with an error.
type Refusal struct {
	// User is who sent the request. It is empty if the server does not know it.
	User string
	// Method and URI are those of the request.
	Method, URI string
	// Code is the HTTP status of the answer, such as 403.
	Code int
	// By is the part of the server that refused the request: "authentication",
	// "authorization", or "admission plugin NAME". It is empty for all others, such
	// as validation and storage, whose message says enough.
	By string
	// Message is the message of the answer.
	Message string
}

// String returns the refusal in one line, which begins with the word refused.
func (r Refusal) String() string {
	var by string
	if r.By != "" {
		by = " by " + r.By
	}
	who := r.User
	if who == "" {
		who = "an unknown user"
	}
	return fmt.Sprintf("refused%s: %s %s of %s: %d %s: %s", by, r.Method, r.URI, who, r.Code, http.StatusText(r.Code),
		strings.Join(strings.Fields(r.Message), " "))
}

// record collects what the parts of the server know about one request.
type record struct {
	mu   sync.Mutex
	user user.Info
	by   string
}

type contextKey struct{}

func recordOf(ctx context.Context) *record {
	r, _ := ctx.Value(contextKey{}).(*record)
	return r
}

// note remembers the user, and who refused the request. The first who refuses it
// counts.
func (r *record) note(u user.Info, by string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if u != nil {
		r.user = u
	}
	if r.by == "" {
		r.by = by
	}
}

// Wrap returns a handler that reports each refused request. It must be the
// outermost handler of the server. Not reported are requests of the server itself,
// which has the name ignored, and those for an object that does not exist: clients
// look for such objects all the time.
func Wrap(handler http.Handler, decoder runtime.Decoder, ignored string, report func(Refusal)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		known := &record{}
		answer := &answer{ResponseWriter: w}
		handler.ServeHTTP(responsewriter.WrapForHTTP1Or2(answer), r.WithContext(context.WithValue(r.Context(), contextKey{}, known)))
		if answer.code < http.StatusBadRequest || answer.code == http.StatusNotFound && r.Method == http.MethodGet {
			return
		}
		known.mu.Lock()
		defer known.mu.Unlock()
		refusal := Refusal{Method: r.Method, URI: r.URL.RequestURI(), Code: answer.code, By: known.by, Message: answer.message(decoder)}
		if known.user != nil {
			refusal.User = known.user.GetName()
		} else if answer.code == http.StatusUnauthorized {
			refusal.By = "authentication"
		}
		if refusal.User != ignored {
			report(refusal)
		}
	})
}

// answer remembers the status of an answer and, for an error, the beginning of
// its body.
type answer struct {
	http.ResponseWriter
	code int
	body []byte
}

// Unwrap lets http.ResponseController find the writer's other capabilities.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(code int) {
	if a.code == 0 && code >= http.StatusOK {
		a.code = code
	}
	a.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(data []byte) (int, error) {
	if a.code == 0 {
		a.code = http.StatusOK
	}
	if a.code >= http.StatusBadRequest {
		a.body = append(a.body, data[:min(len(data), maxBody-len(a.body))]...)
	}
	return a.ResponseWriter.Write(data)
}

// message returns the message of the Status in the body, or the body itself.
func (a *answer) message(decoder runtime.Decoder) string {
	if object, _, err := decoder.Decode(a.body, nil, nil); err == nil {
		if status, ok := object.(*metav1.Status); ok {
			return status.Message
		}
	}
	return string(a.body)
}
