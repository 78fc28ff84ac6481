package runtimeclass

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

var handlerPath = field.NewPath("handler")

func validate(_ context.Context, c *nodev1.RuntimeClass) (errs field.ErrorList) {
	if c.Handler == "" {
		errs = append(errs, field.Required(handlerPath, ""))
	} else {
		errs = append(errs, validation.ValidateDNS1123Label(c.Handler, handlerPath).WithOrigin("format=k8s-short-name")...)
	}
	if c.Overhead != nil {
		errs = append(errs, podspec.ValidateOverhead(c.Overhead.PodFixed, podspec.Options{}, field.NewPath("overhead"))...)
	}
	if c.Scheduling != nil {
		errs = append(errs, validateScheduling(c.Scheduling, field.NewPath("scheduling"))...)
	}
	return errs
}

// validateScheduling checks what pods of the class get. None of its tolerations
// compares numbers, whatever those of a pod do, and two of them differ in more
// than their seconds.
func validateScheduling(s *nodev1.Scheduling, p *field.Path) field.ErrorList {
	errs := metav1validation.ValidateLabels(s.NodeSelector, p.Child("nodeSelector"))
	at := p.Child("tolerations")
	errs = append(errs, validation.ValidateTolerations(s.Tolerations, false, at)...)
	seen := sets.Set[corev1.Toleration]{}
	for i, t := range s.Tolerations {
		key := t
		key.TolerationSeconds = nil
		if seen.Has(key) {
			errs = append(errs, field.Duplicate(at.Index(i), goform.Of(t)))
		}
		seen.Insert(key)
	}
	return errs
}

func validateUpdate(_ context.Context, c, old *nodev1.RuntimeClass) field.ErrorList {
	return apivalidation.ValidateImmutableField(c.Handler, old.Handler, handlerPath).WithOrigin("immutable")
}
