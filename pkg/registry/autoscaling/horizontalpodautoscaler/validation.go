package horizontalpodautoscaler

import (
	"context"
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

var (
	specPath   = field.NewPath("spec")
	statusPath = field.NewPath("status")
)

func validate(_ context.Context, hpa *autoscalingv2.HorizontalPodAutoscaler) field.ErrorList {
	return validateSpec(&hpa.Spec, mayScaleToZero(nil))
}

func validateUpdate(_ context.Context, hpa, old *autoscalingv2.HorizontalPodAutoscaler) field.ErrorList {
	return validateSpec(&hpa.Spec, mayScaleToZero(old))
}

func validateStatusUpdate(_ context.Context, hpa, _ *autoscalingv2.HorizontalPodAutoscaler) field.ErrorList {
	errs := validateMinimum(hpa.Status.CurrentReplicas, 0, statusPath.Child("currentReplicas"))
	return append(errs, validateMinimum(hpa.Status.DesiredReplicas, 0, statusPath.Child("desiredReplicas"))...)
}

func validateSpec(spec *autoscalingv2.HorizontalPodAutoscalerSpec, scaleToZero bool) field.ErrorList {
	var errs field.ErrorList
	least := int32(1)
	if scaleToZero {
		least = 0
	}
	if spec.MinReplicas != nil {
		errs = append(errs, validateMinimum(*spec.MinReplicas, least, specPath.Child("minReplicas"))...)
	}
	errs = append(errs, validateMaxReplicas(spec.MaxReplicas, ptr.Deref(spec.MinReplicas, 1))...)
	errs = append(errs, validateTarget(&spec.ScaleTargetRef, specPath.Child("scaleTargetRef"))...)
	errs = append(errs, validateMetrics(spec.Metrics, specPath.Child("metrics"))...)
	if ptr.Deref(spec.MinReplicas, 1) == 0 && !hasIndependentMetric(spec.Metrics) {
		errs = append(errs, field.Forbidden(specPath.Child("metrics"), "must specify at least one Object or External metric to support scaling to zero replicas"))
	}
	return append(errs, validateBehavior(spec.Behavior, specPath.Child("behavior"))...)
}

func validateMaxReplicas(most, least int32) field.ErrorList {
	path := specPath.Child("maxReplicas")
	errs := validateMinimum(most, 1, path)
	if most == 0 {
		errs = field.ErrorList{field.Required(path, "must be set and greater than 0")}
	}
	if most < least {
		errs = append(errs, field.Invalid(path, most, "must be greater than or equal to `minReplicas`"))
	}
	return errs
}

func validateMinimum(value, least int32, path *field.Path) field.ErrorList {
	if value >= least {
		return nil
	}
	return field.ErrorList{field.Invalid(path, value, fmt.Sprintf("must be greater than or equal to %d", least)).WithOrigin("minimum")}
}

// validateTarget checks the reference to the object to scale. The API group
// must be set unless it is a ReplicationController, because no other kind of
// the core group can be scaled.
func validateTarget(ref *autoscalingv2.CrossVersionObjectReference, path *field.Path) field.ErrorList {
	errs := validateReference(ref, path)
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	if err == nil && gv.Group == "" && ref.Kind != "ReplicationController" {
		errs = append(errs, field.Invalid(path.Child("apiVersion"), ref.APIVersion, "apiVersion must specify API group"))
	}
	return errs
}

func validateReference(ref *autoscalingv2.CrossVersionObjectReference, path *field.Path) field.ErrorList {
	errs := validateSegment(ref.Kind, "", path.Child("kind"))
	errs = append(errs, validateSegment(ref.Name, "", path.Child("name"))...)
	if _, err := schema.ParseGroupVersion(ref.APIVersion); err != nil {
		errs = append(errs, field.Invalid(path.Child("apiVersion"), ref.APIVersion, err.Error()))
	}
	return errs
}

// validateSegment checks that a value is valid as a segment of a URL path.
func validateSegment(value, whenMissing string, path *field.Path) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(path, whenMissing)}
	}
	var errs field.ErrorList
	for _, complaint := range pathvalidation.IsValidPathSegmentName(value) {
		errs = append(errs, field.Invalid(path, value, complaint))
	}
	return errs
}
