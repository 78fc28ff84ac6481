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

// forbidPrivileged is for a server with --allow-privileged=false: the
// validation of pods finds that in the context of its request.
func forbidPrivileged(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(podspec.ForbidPrivileged(r.Context())))
	})
}

// refuseBadPatches answers 400 to the strategic merge patches on which the
// library panics, such as one that orders a list without a merge key.
// kube-apiserver drops the connection.
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
				utilruntime.HandleErrorWithContext(r.Context(), fmt.Errorf("%v", reason), "A strategic merge patch made the library panic", "path", r.URL.Path)
				err := apierrors.NewBadRequest("the strategic merge patch cannot be applied to this object")
				responsewriters.ErrorNegotiated(err, serializer, schema.GroupVersion{Version: "v1"}, w, r)
			}
		}()
		handler.ServeHTTP(w, r)
	})
}
