package devicetaintrule

import (
	"context"

	resourcev1 "k8s.io/api/resource/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	resourcevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/validation"
)

var (
	specPath       = field.NewPath("spec")
	conditionsPath = field.NewPath("status", "conditions")
)

func validate(_ context.Context, r object) field.ErrorList {
	var errs field.ErrorList
	if s := r.Spec.DeviceSelector; s != nil {
		errs = append(errs, validateSelector(s, specPath.Child("deviceSelector"))...)
	}
	return append(errs, resourcevalidation.ValidateTaint(&r.Spec.Taint, specPath.Child("taint"))...)
}

// validateSelector checks which devices get the taint. Without any restriction all
// do.
func validateSelector(s *resourcev1.DeviceTaintSelector, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if s.Driver != nil {
		errs = append(errs, resourcevalidation.ValidateDriverName(*s.Driver, p.Child("driver"))...)
	}
	if s.Pool != nil {
		errs = append(errs, resourcevalidation.ValidatePoolName(*s.Pool, p.Child("pool"))...)
	}
	if s.Device != nil {
		errs = append(errs, resourcevalidation.ValidateDeviceName(*s.Device, p.Child("device"))...)
	}
	return errs
}

func validateStatus(_ context.Context, r, _ object) field.ErrorList {
	conditions := r.Status.Conditions
	if len(conditions) > resourcev1.DeviceTaintRuleStatusMaxConditions {
		return field.ErrorList{field.TooMany(conditionsPath, len(conditions), resourcev1.DeviceTaintRuleStatusMaxConditions)}
	}
	return metav1validation.ValidateConditions(conditions, conditionsPath)
}
