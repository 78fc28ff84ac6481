package validation

import (
	resourcev1 "k8s.io/api/resource/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// ValidateTaint checks the taint of a device.
func ValidateTaint(taint *resourcev1.DeviceTaint, p *field.Path) field.ErrorList {
	errs := metav1validation.ValidateLabelName(taint.Key, p.Child("key"))
	errs = append(errs, validation.ValidateLabelValue(taint.Value, p.Child("value"))...)
	if at := p.Child("effect"); taint.Effect == "" {
		errs = append(errs, field.Required(at, ""))
	} else {
		errs = append(errs, validateEffect(taint.Effect, at)...)
	}
	return errs
}

func validateEffect(effect resourcev1.DeviceTaintEffect, p *field.Path) field.ErrorList {
	return metavalidation.ValidateOneOf(effect, p,
		resourcev1.DeviceTaintEffectNoExecute, resourcev1.DeviceTaintEffectNoSchedule, resourcev1.DeviceTaintEffectNone)
}

// validateToleration checks a toleration of a taint. Without a key it matches
// every key, without an effect every effect.
func validateToleration(t *resourcev1.DeviceToleration, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if t.Key != "" {
		errs = append(errs, metav1validation.ValidateLabelName(t.Key, p.Child("key"))...)
	}
	switch value := p.Child("value"); t.Operator {
	case resourcev1.DeviceTolerationOpExists:
		if t.Value != "" {
			errs = append(errs, field.Invalid(value, t.Value, "must be empty for operator `Exists`"))
		}
	case resourcev1.DeviceTolerationOpEqual:
		errs = append(errs, validation.ValidateLabelValue(t.Value, value)...)
	default:
		errs = append(errs, metavalidation.ValidateRequiredOneOf(t.Operator, p.Child("operator"),
			resourcev1.DeviceTolerationOpEqual, resourcev1.DeviceTolerationOpExists)...)
	}
	if t.Effect != "" {
		errs = append(errs, validateEffect(t.Effect, p.Child("effect"))...)
	}
	return errs
}
