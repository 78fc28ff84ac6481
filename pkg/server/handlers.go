package server

import (
	"fmt"
	"net/http"
	"strings"

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

// refuseBadPatches answers 400 to patches that make the library panic: a
// strategic merge patch that orders a list that has no merge key, for example, or
// a JSON patch that replaces the whole object by nothing. kube-apiserver closes
// the connection instead.
func refuseBadPatches(handler http.Handler, serializer runtime.NegotiatedSerializer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		patch := patchName(r)
		if patch == "" {
			handler.ServeHTTP(w, r)
			return
		}
		defer func() {
			switch reason := recover(); reason {
			case nil:
			case http.ErrAbortHandler:
				panic(reason)
			default:
				utilruntime.HandleErrorWithContext(r.Context(), fmt.Errorf("%v", reason), "Applying a patch caused a panic", "patch", patch, "path", r.URL.Path)
				err := apierrors.NewBadRequest("the " + patch + " cannot be applied to this object")
				responsewriters.ErrorNegotiated(err, serializer, schema.GroupVersion{Version: "v1"}, w, r)
			}
		}()
		handler.ServeHTTP(w, r)
	})
}

// patchName returns the name of a patch that can make the library panic, and ""
// for all other requests.
func patchName(r *http.Request) string {
	if r.Method != http.MethodPatch {
		return ""
	}
	switch mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); types.PatchType(mediaType) {
	case types.StrategicMergePatchType:
		return "strategic merge patch"
	case types.JSONPatchType:
		return "JSON patch"
	}
	return ""
}
