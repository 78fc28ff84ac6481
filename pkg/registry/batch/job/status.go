package job

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/batch/jobspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

var statusPath = field.NewPath("status")

// rule is a rule for the status. It applies only when one of the fields that it
// compares has changed, so that a stored status which violates it can still be
// updated (KEP-3998, KEP-4368).
type rule struct {
	applies, violated bool
	err               func() *field.Error
}

// check returns the errors of the rules that are violated.
func check(rules []rule) field.ErrorList {
	var errs field.ErrorList
	for _, r := range rules {
		if r.applies && r.violated {
			errs = append(errs, r.err())
		}
	}
	return errs
}

func invalid(name string, value any, message string) func() *field.Error {
	return func() *field.Error { return field.Invalid(statusPath.Child(name), value, message) }
}

func required(name, message string) func() *field.Error {
	return func() *field.Error { return field.Required(statusPath.Child(name), message) }
}

func validateStatusUpdate(_ context.Context, j, old object) field.ErrorList {
	status := &j.Status
	errs := validation.ValidateNumbers(statusPath,
		validation.Count("active", status.Active),
		validation.Count("succeeded", status.Succeeded),
		validation.Count("failed", status.Failed),
		validation.Count("ready", ptr.Deref(status.Ready, 0)),
		validation.Count("terminating", ptr.Deref(status.Terminating, 0)),
	)
	errs = append(errs, validateUncounted(status.UncountedTerminatedPods, statusPath.Child("uncountedTerminatedPods"))...)
	errs = append(errs, check(finishedRules(j, old))...)
	errs = append(errs, check(conditionRules(j, old))...)
	errs = append(errs, check(timeRules(j, old))...)
	errs = append(errs, jobspec.ValidateStatusIndexes(j, old, statusPath)...)
	return append(errs, check(progressRules(j, old))...)
}

// validateUncounted checks that every pod is in one of the lists, and only once.
func validateUncounted(pods *batchv1.UncountedTerminatedPods, path *field.Path) field.ErrorList {
	if pods == nil {
		return nil
	}
	var errs field.ErrorList
	seen := map[string]bool{}
	add := func(uid string, at *field.Path) {
		switch {
		case uid == "":
			errs = append(errs, field.Invalid(at, uid, "must not be empty"))
		case seen[uid]:
			errs = append(errs, field.Duplicate(at, uid))
		}
		seen[uid] = true
	}
	for i, uid := range pods.Succeeded {
		add(string(uid), path.Child("succeeded").Index(i))
	}
	for i, uid := range pods.Failed {
		add(string(uid), path.Child("failed").Index(i))
	}
	return errs
}

func isFinished(status *batchv1.JobStatus) bool {
	return isTrue(status, batchv1.JobComplete) || isTrue(status, batchv1.JobFailed)
}

// finishedRules are the rules for a job that has ended: no pod of it runs, and all
// are counted.
func finishedRules(j, old object) []rule {
	now, was := &j.Status, &old.Status
	finished, changed := isFinished(now), isFinished(now) != isFinished(was)
	pods := now.UncountedTerminatedPods
	suspended := ptr.Deref(j.Spec.Completions, 1) == 0 && ptr.Deref(j.Spec.Suspend, false)
	return []rule{
		{ptr.Deref(now.Ready, 0) != ptr.Deref(was.Ready, 0) || now.Active != was.Active, ptr.Deref(now.Ready, 0) > now.Active,
			invalid("ready", ptr.Deref(now.Ready, 0), "cannot set more ready pods than active")},
		{changed || now.Active != was.Active, finished && now.Active > 0, invalid("active", now.Active, "active>0 is invalid for finished job")},
		{changed || ptr.Deref(now.Terminating, 0) != ptr.Deref(was.Terminating, 0), finished && ptr.Deref(now.Terminating, 0) > 0,
			invalid("terminating", ptr.Deref(now.Terminating, 0), "terminating>0 is invalid for finished job")},
		{changed || !now.StartTime.Equal(was.StartTime), finished && now.StartTime == nil && !suspended,
			required("startTime", "startTime is required for finished job")},
		{changed || !apiequality.Semantic.DeepEqual(pods, was.UncountedTerminatedPods),
			finished && pods != nil && len(pods.Succeeded)+len(pods.Failed) > 0,
			invalid("uncountedTerminatedPods", goform.Of(pods), "must be empty for finished job")},
	}
}

// conditionRules say which conditions exclude or require each other.
func conditionRules(j, old object) []rule {
	now, was := &j.Status, &old.Status
	changed := func(conditions ...batchv1.JobConditionType) bool {
		for _, c := range conditions {
			if isTrue(now, c) != isTrue(was, c) {
				return true
			}
		}
		return false
	}
	without := func(one, other batchv1.JobConditionType, applies bool) rule {
		return rule{applies, isTrue(now, one) && !isTrue(now, other),
			invalid("conditions", field.OmitValueType{}, "cannot set "+string(one)+"=True condition without the "+string(other)+"=true condition")}
	}
	both := func(one, other batchv1.JobConditionType) rule {
		return rule{changed(one, other), isTrue(now, one) && isTrue(now, other),
			invalid("conditions", field.OmitValueType{}, "cannot set "+string(one)+"=True and "+string(other)+"=true conditions")}
	}
	unset := func(c batchv1.JobConditionType, terminal string) rule {
		return rule{true, isTrue(was, c) && !isTrue(now, c), invalid("conditions", field.OmitValueType{}, "cannot disable the "+terminal+string(c)+"=True condition")}
	}
	const complete, failed, met, target = batchv1.JobComplete, batchv1.JobFailed, batchv1.JobSuccessCriteriaMet, batchv1.JobFailureTarget
	return []rule{
		unset(failed, "terminal "), unset(complete, "terminal "), unset(target, "terminal "), unset(met, ""),
		both(complete, failed), both(complete, target), both(met, failed), both(met, target),
		without(failed, target, changed(failed)), without(complete, met, changed(complete, met)),
		{changed(complete, met), j.Spec.SuccessPolicy != nil && isTrue(now, complete) && !isTrue(now, met),
			invalid("conditions", field.OmitValueType{}, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")},
	}
}

// timeRules are the rules for the times at which a job started and was completed.
func timeRules(j, old object) []rule {
	now, was := &j.Status, &old.Status
	start, completion := now.StartTime, now.CompletionTime
	complete := isTrue(now, batchv1.JobComplete)
	restarted := !start.Equal(was.StartTime)
	ended := !completion.Equal(was.CompletionTime) || complete != isTrue(was, batchv1.JobComplete)
	return []rule{
		{restarted, was.StartTime != nil && !ptr.Deref(j.Spec.Suspend, false),
			invalid("startTime", quoted(start), "field is immutable for unsuspended job once set")},
		{restarted || ended, start != nil && completion != nil && completion.Before(start),
			invalid("completionTime", quoted(completion), "must be equal to or after `startTime`")},
		{ended, completion != nil && was.CompletionTime != nil && !completion.Equal(was.CompletionTime),
			invalid("completionTime", quoted(completion), "field is immutable")},
		{ended, completion != nil && !complete,
			invalid("completionTime", quoted(completion), "cannot set completionTime when there is no Complete=True condition")},
		{ended, completion == nil && complete, required("completionTime", "completionTime is required for Complete jobs")},
	}
}

// quoted is the time as messages quote it.
func quoted(t *metav1.Time) any {
	if t == nil {
		return nil
	}
	return t
}

// progressRules are the rules for the counters, which never decrease.
func progressRules(j, old object) []rule {
	now, was := &j.Status, &old.Status
	return []rule{
		{true, now.Failed < was.Failed, invalid("failed", now.Failed, "cannot decrease the failed counter")},
		{true, now.Succeeded < was.Succeeded, invalid("succeeded", now.Succeeded, "cannot decrease the succeeded counter")},
	}
}
