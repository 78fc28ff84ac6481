package server

import (
	"fmt"
	"mime"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
)

// forbidPrivileged implements --allow-privileged=false. It stores the setting
// in the context of each request, where the validation of pods reads it.
func forbidPrivileged(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(podspec.ForbidPrivileged(r.Context())))
	})
}

// refuseBadPatches answers 400 to strategic merge patches that make the library
// panic, for example a patch that orders a list that has no merge key.
// kube-apiserver closes the connection instead.
func refuseBadPatches(handler http.Handler, serializer runtime.NegotiatedSerializer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method != http.MethodPatch || mediaType != string(types.StrategicMergePatchType) {
			handler.ServeHTTP(w, r)
			return
		}
		defer func() {
			switch reason := recover(); reason {
			case nil:
			case http.ErrAbortHandler:
				panic(reason)
			default:
				utilruntime.HandleErrorWithContext(r.Context(), fmt.Errorf("%v", reason), "Applying a strategic merge patch caused a panic", "path", r.URL.Path)
				err := apierrors.NewBadRequest("the strategic merge patch cannot be applied to this object")
				responsewriters.ErrorNegotiated(err, serializer, schema.GroupVersion{Version: "v1"}, w, r)
			}
		}()
		handler.ServeHTTP(w, r)
	})
}
