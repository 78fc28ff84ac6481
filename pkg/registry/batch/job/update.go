package job

import (
	"context"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// validateUpdate checks the spec twice, as kube-apiserver does, and refuses changes
// of fields that are immutable.
func validateUpdate(ctx context.Context, j, old object) field.ErrorList {
	spec, was := &j.Spec, &old.Spec
	opts := podspec.OptionsFrom(ctx).ForUpdate(&was.Template.ObjectMeta, &was.Template.Spec)
	errs := validateJob(j, requiredLabels(j, old), opts)
	errs = append(errs, validateSpec(spec, opts)...)
	errs = append(errs, validateCompletions(spec, was)...)
	errs = append(errs, apivalidation.ValidateImmutableField(spec.Selector, was.Selector, specPath.Child("selector"))...)
	errs = append(errs, validateTemplateUpdate(spec, old)...)
	for _, f := range []struct {
		name     string
		now, was any
	}{
		{"completionMode", spec.CompletionMode, was.CompletionMode}, {"podFailurePolicy", spec.PodFailurePolicy, was.PodFailurePolicy},
		{"backoffLimitPerIndex", spec.BackoffLimitPerIndex, was.BackoffLimitPerIndex}, {"managedBy", spec.ManagedBy, was.ManagedBy},
		{"successPolicy", spec.SuccessPolicy, was.SuccessPolicy},
	} {
		errs = append(errs, immutable(f.now, f.was, specPath.Child(f.name))...)
	}
	return errs
}

// immutable refuses every change of a field.
func immutable(now, was any, path *field.Path) field.ErrorList {
	if apiequality.Semantic.DeepEqual(now, was) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, goform.Of(now), apivalidation.FieldImmutableErrorMsg)}
}

// validateCompletions lets the completions of an indexed job change together with
// its parallelism.
func validateCompletions(spec, old *batchv1.JobSpec) field.ErrorList {
	path := specPath.Child("completions")
	if spec.Completions == nil || old.Completions == nil || ptr.Deref(spec.CompletionMode, "") != batchv1.IndexedCompletion {
		if spec.Completions == nil && ptr.Deref(old.CompletionMode, "") == batchv1.IndexedCompletion {
			return nil // refused as missing
		}
		return immutable(spec.Completions, old.Completions, path)
	}
	if *spec.Completions != *old.Completions && ptr.Deref(spec.Parallelism, 0) != *spec.Completions {
		return field.ErrorList{field.Invalid(path, *spec.Completions, "can only be modified in tandem with spec.parallelism")}
	}
	return nil
}

// validateTemplateUpdate refuses changes of the template. Those that matter only
// to the scheduler, and those of resources, are allowed while no pod of the job
// has been made of the template.
func validateTemplateUpdate(spec *batchv1.JobSpec, old object) field.ErrorList {
	was, path := old.Spec.Template, specPath.Child("template")
	suspended := ptr.Deref(old.Spec.Suspend, false)
	atRest := suspended && isSuspended(old) && old.Status.Active == 0
	scheduling := suspended && old.Status.StartTime == nil || atRest && features.Enabled(features.MutableSchedulingDirectivesForSuspendedJobs)
	resources := (suspended && old.Status.StartTime == nil || atRest) && features.Enabled(features.MutablePodResourcesForSuspendedJobs)
	if !scheduling && !resources {
		return immutable(spec.Template, was, path)
	}
	was = *was.DeepCopy()
	if scheduling {
		copyScheduling(&was, &spec.Template)
	}
	if resources {
		copyResources(was.Spec.Containers, spec.Template.Spec.Containers)
		copyResources(was.Spec.InitContainers, spec.Template.Spec.InitContainers)
	}
	if !scheduling {
		return immutable(spec.Template, was, path)
	}
	return immutable(spec.Template.Spec, was.Spec, path.Child("spec"))
}

// copyScheduling copies what may change of the scheduling.
func copyScheduling(to, from *corev1.PodTemplateSpec) {
	to.ObjectMeta = from.ObjectMeta
	to.Spec.NodeSelector, to.Spec.Tolerations, to.Spec.SchedulingGates = from.Spec.NodeSelector, from.Spec.Tolerations, from.Spec.SchedulingGates
	affinity := corev1.Affinity{}
	if to.Spec.Affinity != nil {
		affinity = *to.Spec.Affinity
	}
	affinity.NodeAffinity = nil
	if from.Spec.Affinity != nil {
		affinity.NodeAffinity = from.Spec.Affinity.NodeAffinity
	}
	to.Spec.Affinity = &affinity
	if affinity == (corev1.Affinity{}) && from.Spec.Affinity == nil {
		to.Spec.Affinity = nil
	}
}

// copyResources copies the requests and limits of containers of the same names.
func copyResources(to, from []corev1.Container) {
	for i := range min(len(to), len(from)) {
		if to[i].Name == from[i].Name {
			to[i].Resources.Requests, to[i].Resources.Limits = from[i].Resources.Requests, from[i].Resources.Limits
		}
	}
}

func isSuspended(j object) bool { return isTrue(&j.Status, batchv1.JobSuspended) }

// isTrue reports whether the status has a condition that is true.
func isTrue(status *batchv1.JobStatus, condition batchv1.JobConditionType) bool {
	return slices.ContainsFunc(status.Conditions, func(c batchv1.JobCondition) bool { return c.Type == condition && c.Status == corev1.ConditionTrue })
}
