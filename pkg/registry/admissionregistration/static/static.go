// Package static reserves the names of webhooks and policies that are files
// (KEP-5793), so that nobody mistakes an object of the API for one of them.
package static

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/admission/plugin/manifest"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericfeatures "k8s.io/apiserver/pkg/features"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

var (
	name = field.NewPath("metadata", "name")
	rule = fmt.Sprintf("names ending with %q are reserved for static manifest-based configurations and cannot be managed via the API", manifest.StaticConfigSuffix)
)

// Reserve adds to the hooks of a resource that an object cannot be created under a
// reserved name. Without the feature gate for such files it only gets a warning.
// What is validated outside of a request is one of the files.
func Reserve[T registry.Object](hooks registry.Hooks[T]) registry.Hooks[T] {
	validate := hooks.Validate
	hooks.Validate = func(ctx context.Context, obj T) field.ErrorList {
		var errs field.ErrorList
		if _, isRequest := genericapirequest.RequestInfoFrom(ctx); isRequest && isReserved(obj) && enabled() {
			errs = append(errs, field.Invalid(name, obj.GetName(), rule))
		}
		return append(errs, validate(ctx, obj)...)
	}
	hooks.WarningsOnCreate = func(_ context.Context, obj T) []string {
		if isReserved(obj) && !enabled() {
			return []string{fmt.Sprintf("%v: %s", name, rule)}
		}
		return nil
	}
	return hooks
}

func isReserved[T registry.Object](obj T) bool {
	return strings.HasSuffix(obj.GetName(), manifest.StaticConfigSuffix)
}

func enabled() bool { return features.Enabled(genericfeatures.ManifestBasedAdmissionControlConfig) }
