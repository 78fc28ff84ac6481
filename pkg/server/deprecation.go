package server

import (
	"context"
	"net/http"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/endpoints/deprecation"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/warning"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// withoutEarlyWarnings drops the warnings that an API is deprecated while the emulated
// version of Kubernetes does not deprecate it yet. The library compares with the
// version that the linker sets in the releases of Kubernetes. Where none is set, as
// here, it warns of every API that will ever be deprecated: that concerns beta and
// alpha versions alone.
func withoutEarlyWarnings(handler http.Handler, scheme *runtime.Scheme, current *version.Version) http.Handler {
	early := sync.OnceValue(func() map[string]bool { return earlyWarnings(scheme, current) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, ok := genericapirequest.RequestInfoFrom(r.Context())
		if ok && info.IsResourceRequest && !(registry.Version{Name: info.APIVersion}).Stable() {
			r = r.WithContext(warning.WithWarningRecorder(r.Context(), filter{r.Context(), early()}))
		}
		handler.ServeHTTP(w, r)
	})
}

// filter passes warnings on to the recorder of a context, except some.
type filter struct {
	ctx    context.Context
	except map[string]bool
}

// AddWarning implements warning.Recorder.
func (f filter) AddWarning(agent, text string) {
	if !f.except[text] {
		warning.AddWarning(f.ctx, agent, text)
	}
}

// earlyWarnings are the texts for the types that are deprecated in a later version
// than the current one.
func earlyWarnings(scheme *runtime.Scheme, current *version.Version) map[string]bool {
	texts := map[string]bool{}
	for gvk := range scheme.AllKnownTypes() {
		obj, err := scheme.New(gvk)
		if err != nil || deprecation.IsDeprecated(obj, int(current.Major()), int(current.Minor())) {
			continue
		}
		obj.GetObjectKind().SetGroupVersionKind(gvk)
		if text := deprecation.WarningMessage(obj); text != "" {
			texts[text] = true
		}
	}
	return texts
}
