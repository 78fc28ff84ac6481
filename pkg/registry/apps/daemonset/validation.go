package daemonset

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

var specPath = field.NewPath("spec")

func validate(ctx context.Context, ds object) field.ErrorList {
	return validateSpec(&ds.Spec, podspec.OptionsFrom(ctx))
}

// validateUpdate refuses changes of the selector, because the pods would no
// longer belong to the daemon set.
func validateUpdate(ctx context.Context, ds, old object) field.ErrorList {
	opts := podspec.OptionsFrom(ctx).ForUpdate(&old.Spec.Template.ObjectMeta, &old.Spec.Template.Spec)
	errs := validateSpec(&ds.Spec, opts)
	return append(errs, apivalidation.ValidateImmutableField(ds.Spec.Selector, old.Spec.Selector, specPath.Child("selector"))...)
}

func validateSpec(spec *appsv1.DaemonSetSpec, opts podspec.Options) field.ErrorList {
	w := validation.Workload{Kind: "daemonset", Owner: "DaemonSet", Selector: spec.Selector, Template: &spec.Template, Options: opts}
	var errs field.ErrorList
	// A missing selector is no error of its own: it matches no template.
	if spec.Selector != nil {
		errs = append(errs, w.ValidateSelector(specPath.Child("selector"))...)
	}
	if selector, err := metav1.LabelSelectorAsSelector(spec.Selector); err == nil {
		errs = append(errs, validation.ValidateSelected(selector, &spec.Template, specPath.Child("template"))...)
	}
	errs = append(errs, w.ValidateTemplate(specPath.Child("template"))...)
	errs = append(errs, validation.ValidateNumbers(specPath, validation.Count("minReadySeconds", spec.MinReadySeconds))...)
	errs = append(errs, validateStrategy(&spec.UpdateStrategy, specPath.Child("updateStrategy"))...)
	return append(errs, validation.ValidateNumbers(specPath, validation.Count("revisionHistoryLimit", ptr.Deref(spec.RevisionHistoryLimit, 0)))...)
}

func validateStrategy(strategy *appsv1.DaemonSetUpdateStrategy, path *field.Path) field.ErrorList {
	switch strategy.Type {
	case appsv1.OnDeleteDaemonSetStrategyType:
		return nil
	case appsv1.RollingUpdateDaemonSetStrategyType:
		if strategy.RollingUpdate == nil {
			return field.ErrorList{field.Required(path.Child("rollingUpdate"), "")}
		}
		return validateRollingUpdate(strategy.RollingUpdate, path.Child("rollingUpdate"))
	}
	return field.ErrorList{field.NotSupported(path, goform.Of(strategy), []appsv1.DaemonSetUpdateStrategyType{
		appsv1.RollingUpdateDaemonSetStrategyType, appsv1.OnDeleteDaemonSetStrategyType})}
}

// validateRollingUpdate checks that exactly one of the two numbers is not zero:
// a node runs either one pod too few or one too many during an update.
func validateRollingUpdate(rolling *appsv1.RollingUpdateDaemonSet, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	unavailable, surge := ptr.Deref(rolling.MaxUnavailable, intstr.IntOrString{}), ptr.Deref(rolling.MaxSurge, intstr.IntOrString{})
	for _, n := range []struct {
		value intstr.IntOrString
		at    *field.Path
	}{{unavailable, path.Child("maxUnavailable")}, {surge, path.Child("maxSurge")}} {
		errs = append(errs, validation.ValidateIntOrPercent(n.value, n.at)...)
		errs = append(errs, validation.ValidateAtMost100Percent(n.value, n.at)...)
	}
	hasUnavailable, hasSurge := !zero(unavailable), !zero(surge)
	switch {
	case hasUnavailable && hasSurge:
		errs = append(errs, field.Invalid(path.Child("maxSurge"), surge, "may not be set when maxUnavailable is non-zero"))
	case !hasUnavailable && !hasSurge:
		errs = append(errs, field.Required(path.Child("maxUnavailable"), "cannot be 0 when maxSurge is 0"))
	}
	return errs
}

// zero reports whether n is 0, 0% or no number at all.
func zero(n intstr.IntOrString) bool {
	number, err := intstr.GetScaledValueFromIntOrPercent(&n, 100, true)
	return err != nil || number == 0
}

func validateStatusUpdate(_ context.Context, ds, old object) field.ErrorList {
	status, path := &ds.Status, field.NewPath("status")
	errs := validation.ValidateNumbers(path,
		validation.Count("currentNumberScheduled", status.CurrentNumberScheduled),
		validation.Count("numberMisscheduled", status.NumberMisscheduled),
		validation.Count("desiredNumberScheduled", status.DesiredNumberScheduled),
		validation.Count("numberReady", status.NumberReady),
		validation.Count("observedGeneration", status.ObservedGeneration),
		validation.Count("updatedNumberScheduled", status.UpdatedNumberScheduled),
		validation.Count("numberAvailable", status.NumberAvailable),
		validation.Count("numberUnavailable", status.NumberUnavailable),
		validation.Count("collisionCount", ptr.Deref(status.CollisionCount, 0)),
	)
	return append(errs, validation.ValidateCollisions(status.CollisionCount, old.Status.CollisionCount, path)...)
}
