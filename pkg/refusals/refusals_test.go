package refusals

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	"k8s.io/client-go/kubernetes/scheme"
)

var denies = authorizer.AuthorizerFunc(func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
	return authorizer.DecisionDeny, "", nil
})

// deny is an admission plugin that refuses everything.
type deny struct{ *apiadmission.Handler }

func (deny) Validate(context.Context, apiadmission.Attributes, apiadmission.ObjectInterfaces) error {
	return errors.New("no")
}

func TestWrap(t *testing.T) {
	alice := &user.DefaultInfo{Name: "alice"}
	for _, test := range []struct {
		name, method string
		answer       func(w http.ResponseWriter, r *http.Request)
		want         string
	}{
		{"allowed", http.MethodGet, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }, ""},
		{"not found", http.MethodGet, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, ""},
		{"not authenticated", http.MethodGet, status(apierrors.NewUnauthorized("who are you?")),
			"refused by authentication: GET /path?q=1 of an unknown user: 401 Unauthorized: who are you?"},
		{"not authorized", http.MethodGet, func(w http.ResponseWriter, r *http.Request) {
			_, _, _ = Authorizer(denies).Authorize(r.Context(), authorizer.AttributesRecord{User: alice})
			http.Error(w, "a text", http.StatusForbidden)
		}, "refused by authorization: GET /path?q=1 of alice: 403 Forbidden: a text"},
		{"not admitted", http.MethodPost, func(w http.ResponseWriter, r *http.Request) {
			plugin := Admission(deny{apiadmission.NewHandler(apiadmission.Create)}, "Deny").(apiadmission.ValidationInterface)
			if _, mutates := plugin.(apiadmission.MutationInterface); mutates {
				t.Error("the plugin mutates")
			}
			attributes := apiadmission.NewAttributesRecord(nil, nil, schema.GroupVersionKind{}, "", "", schema.GroupVersionResource{}, "",
				apiadmission.Create, nil, false, alice)
			_ = plugin.Validate(r.Context(), attributes, nil)
			status(apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "p", errors.New("no")))(w, r)
		}, `refused by admission plugin Deny: POST /path?q=1 of alice: 403 Forbidden: pods "p" is forbidden: no`},
		{"of the server itself", http.MethodPost, func(w http.ResponseWriter, r *http.Request) {
			_, _, _ = Authorizer(denies).Authorize(r.Context(), authorizer.AttributesRecord{User: &user.DefaultInfo{Name: "self"}})
			w.WriteHeader(http.StatusConflict)
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got string
			handler := Wrap(http.HandlerFunc(test.answer), scheme.Codecs.UniversalDeserializer(), "self", func(r Refusal) { got = r.String() })
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(test.method, "/path?q=1", nil))
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func status(err *apierrors.StatusError) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		responsewriters.ErrorNegotiated(err, scheme.Codecs, metav1.SchemeGroupVersion, w, r)
	}
}
