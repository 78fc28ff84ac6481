package eviction

import (
	"context"
	"slices"
	"time"

	lifecyclev1alpha1 "k8s.io/api/lifecycle/v1alpha1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var (
	statusPath     = field.NewPath("status")
	targetsPath    = statusPath.Child("targetResponders")
	respondersPath = statusPath.Child("responders")
)

// validateStatusUpdate checks what the documentation of the status says about the
// two lists of responders together. No kube-apiserver with this API has been
// recorded: the words are this server's own.
func validateStatusUpdate(_ context.Context, e, old object) field.ErrorList {
	status, before := &e.Status, &old.Status
	errs := metav1validation.ValidateConditions(status.Conditions, statusPath.Child("conditions"))
	targets, targetsBefore := targetNames(status), targetNames(before)
	if len(before.TargetResponders) > 0 && (len(status.TargetResponders) != len(before.TargetResponders) || !targets.Equal(targetsBefore)) {
		errs = append(errs, field.Forbidden(targetsPath, "responders may not be added or removed once they are set"))
	}
	if active(status).Len() > 1 {
		errs = append(errs, field.Invalid(targetsPath, sets.List(active(status)), "at most one responder may be Active"))
	}
	return append(errs, validateResponders(status, before)...)
}

// validateResponders checks the reports of the responders: one for each target
// responder. Only the active one changes its report after the first time.
func validateResponders(status, before *lifecyclev1alpha1.EvictionStatus) (errs field.ErrorList) {
	names := sets.Set[string]{}
	for i := range status.Responders {
		responder, at := &status.Responders[i], respondersPath.Index(i)
		names.Insert(responder.Name)
		stored := slices.IndexFunc(before.Responders, func(r lifecyclev1alpha1.ResponderStatus) bool { return r.Name == responder.Name })
		if stored >= 0 && apiequality.Semantic.DeepEqual(*responder, before.Responders[stored]) {
			continue
		}
		if stored >= 0 && !active(status).Has(responder.Name) && !active(before).Has(responder.Name) {
			errs = append(errs, field.Forbidden(at, "only an Active responder may be changed"))
		}
		if t := responder.ExpectedCompletionTime; t != nil && t.Time.Before(time.Now()) &&
			(stored < 0 || !t.Equal(before.Responders[stored].ExpectedCompletionTime)) {
			errs = append(errs, field.Invalid(at.Child("expectedCompletionTime"), t, "may not be in the past"))
		}
	}
	if len(status.Responders) > 0 && !names.Equal(targetNames(status)) || len(status.Responders) == 0 && len(before.Responders) > 0 {
		errs = append(errs, field.Invalid(respondersPath, sets.List(names), "must have the names of status.targetResponders"))
	}
	return errs
}

func targetNames(status *lifecyclev1alpha1.EvictionStatus) sets.Set[string] {
	names := sets.Set[string]{}
	for _, responder := range status.TargetResponders {
		names.Insert(responder.Name)
	}
	return names
}

// active returns the names of the responders whose turn it is.
func active(status *lifecyclev1alpha1.EvictionStatus) sets.Set[string] {
	names := sets.Set[string]{}
	for _, responder := range status.TargetResponders {
		if responder.State == lifecyclev1alpha1.ResponderStateActive {
			names.Insert(responder.Name)
		}
	}
	return names
}
