package deployment

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

var specPath = field.NewPath("spec")

func validate(ctx context.Context, d *appsv1.Deployment) field.ErrorList {
	return validateSpec(&d.Spec, podspec.OptionsFrom(ctx))
}

// validateUpdate refuses changes of the selector, because the replica sets
// would no longer belong to the deployment.
func validateUpdate(ctx context.Context, d, old *appsv1.Deployment) field.ErrorList {
	opts := podspec.OptionsFrom(ctx).ForUpdate(&old.Spec.Template.ObjectMeta, &old.Spec.Template.Spec)
	errs := validateSpec(&d.Spec, opts)
	return append(errs, apivalidation.ValidateImmutableField(d.Spec.Selector, old.Spec.Selector, specPath.Child("selector"))...)
}

func validateSpec(spec *appsv1.DeploymentSpec, opts podspec.Options) field.ErrorList {
	errs := validation.ValidateNumbers(specPath, validation.Count("replicas", ptr.Deref(spec.Replicas, 0)))
	errs = append(errs, validation.Workload{
		Kind: "deployment", Owner: "ReplicaSet", Selector: spec.Selector, Template: &spec.Template, Options: opts,
	}.Validate(specPath)...)
	errs = append(errs, validateStrategy(&spec.Strategy, specPath.Child("strategy"))...)
	errs = append(errs, validation.ValidateNumbers(specPath,
		validation.Count("minReadySeconds", spec.MinReadySeconds),
		validation.Count("revisionHistoryLimit", ptr.Deref(spec.RevisionHistoryLimit, 0)),
	)...)
	if deadline := spec.ProgressDeadlineSeconds; deadline != nil {
		errs = append(errs, validation.ValidateNumbers(specPath, validation.Count("progressDeadlineSeconds", *deadline))...)
		if *deadline <= spec.MinReadySeconds {
			errs = append(errs, field.Invalid(specPath.Child("progressDeadlineSeconds"), *deadline, "must be greater than minReadySeconds"))
		}
	}
	return errs
}

func validateStrategy(strategy *appsv1.DeploymentStrategy, path *field.Path) field.ErrorList {
	rolling := path.Child("rollingUpdate")
	switch strategy.Type {
	case appsv1.RecreateDeploymentStrategyType:
		if strategy.RollingUpdate != nil {
			return field.ErrorList{field.Forbidden(rolling, "may not be specified when strategy `type` is '"+string(strategy.Type)+"'")}
		}
		return nil
	case appsv1.RollingUpdateDeploymentStrategyType:
		if strategy.RollingUpdate == nil {
			return field.ErrorList{field.Required(rolling, "this should be defaulted and never be nil")}
		}
		return validateRollingUpdate(strategy.RollingUpdate, rolling)
	}
	return field.ErrorList{field.NotSupported(path, goform.Of(strategy), []appsv1.DeploymentStrategyType{
		appsv1.RecreateDeploymentStrategyType, appsv1.RollingUpdateDeploymentStrategyType})}
}

// validateRollingUpdate checks that the update can make progress:
// maxUnavailable and maxSurge must not both be zero.
func validateRollingUpdate(rolling *appsv1.RollingUpdateDeployment, path *field.Path) field.ErrorList {
	unavailable, surge := ptr.Deref(rolling.MaxUnavailable, intstr.IntOrString{}), ptr.Deref(rolling.MaxSurge, intstr.IntOrString{})
	at := path.Child("maxUnavailable")
	errs := validation.ValidateIntOrPercent(unavailable, at)
	errs = append(errs, validation.ValidateIntOrPercent(surge, path.Child("maxSurge"))...)
	if validation.IsZero(unavailable) && validation.IsZero(surge) {
		errs = append(errs, field.Invalid(at, unavailable, "may not be 0 when `maxSurge` is 0"))
	}
	return append(errs, validation.ValidateAtMost100Percent(unavailable, at)...)
}
