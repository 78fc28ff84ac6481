package jobspec

import (
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
)

const (
	maxManagedBy = 63
	// MaxIndexes is how many indexes a job can have before its failed indexes are
	// limited: beyond it, the status might not have room for all of them.
	MaxIndexes = 100_000
	// MaxParallelismBeyond limits the parallelism, and the failed indexes, of a
	// job with more than MaxIndexes indexes.
	MaxParallelismBeyond = 10_000
)

// ValidateJobSpec checks what the spec of a job and that of a job template have in
// common: everything but the selector.
func ValidateJobSpec(spec *batchv1.JobSpec, opts podspec.Options, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, n := range []struct {
		name  string
		value *int32
	}{{"parallelism", spec.Parallelism}, {"completions", spec.Completions}, {"backoffLimit", spec.BackoffLimit},
		{"ttlSecondsAfterFinished", spec.TTLSecondsAfterFinished}, {"backoffLimitPerIndex", spec.BackoffLimitPerIndex},
		{"maxFailedIndexes", spec.MaxFailedIndexes}} {
		errs = append(errs, apivalidation.ValidateNonnegativeField(int64(ptr.Deref(n.value, 0)), p.Child(n.name))...)
	}
	errs = append(errs, apivalidation.ValidateNonnegativeField(ptr.Deref(spec.ActiveDeadlineSeconds, 0), p.Child("activeDeadlineSeconds"))...)
	if spec.MaxFailedIndexes != nil && spec.BackoffLimitPerIndex == nil {
		errs = append(errs, field.Required(p.Child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"))
	}
	errs = append(errs, validateManagedBy(spec.ManagedBy, p.Child("managedBy"))...)
	errs = append(errs, validateCompletionMode(spec, p)...)
	errs = append(errs, validatePodFailurePolicy(spec, p.Child("podFailurePolicy"))...)
	errs = append(errs, validateSuccessPolicy(spec, p.Child("successPolicy"))...)
	errs = append(errs, validatePodReplacementPolicy(spec, p.Child("podReplacementPolicy"))...)
	return append(errs, validateTemplate(spec, opts, p.Child("template"))...)
}

func validateManagedBy(name *string, p *field.Path) field.ErrorList {
	if name == nil {
		return nil
	}
	errs := utilvalidation.IsDomainPrefixedPath(p, *name)
	if len(*name) > maxManagedBy {
		errs = append(errs, field.TooLong(p, "", maxManagedBy))
	}
	return errs
}

// isIndexed reports whether every pod of the job has an index of its own.
func isIndexed(spec *batchv1.JobSpec) bool {
	return ptr.Deref(spec.CompletionMode, batchv1.NonIndexedCompletion) == batchv1.IndexedCompletion
}

func validateCompletionMode(spec *batchv1.JobSpec, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if mode := spec.CompletionMode; mode != nil && *mode != batchv1.NonIndexedCompletion && *mode != batchv1.IndexedCompletion {
		errs = append(errs, field.NotSupported(p.Child("completionMode"), *mode, []batchv1.CompletionMode{batchv1.NonIndexedCompletion, batchv1.IndexedCompletion}))
	}
	if isIndexed(spec) {
		return append(errs, validateIndexed(spec, p)...)
	}
	if len(errs) > 0 {
		return errs
	}
	const indexedOnly = "requires indexed completion mode"
	if spec.BackoffLimitPerIndex != nil {
		errs = append(errs, field.Invalid(p.Child("backoffLimitPerIndex"), *spec.BackoffLimitPerIndex, indexedOnly))
	}
	if spec.MaxFailedIndexes != nil {
		errs = append(errs, field.Invalid(p.Child("maxFailedIndexes"), *spec.MaxFailedIndexes, indexedOnly))
	}
	return errs
}

// validateIndexed checks the limits of the status, in which the completed and the
// failed indexes have to fit.
func validateIndexed(spec *batchv1.JobSpec, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	at := func(name string, value int32, message string, args ...any) {
		errs = append(errs, field.Invalid(p.Child(name), value, fmt.Sprintf(message, args...)))
	}
	if parallelism := ptr.Deref(spec.Parallelism, 0); parallelism > MaxIndexes {
		at("parallelism", parallelism, "must be less than or equal to %d when completion mode is Indexed", MaxIndexes)
	}
	if spec.Completions == nil {
		errs = append(errs, field.Required(p.Child("completions"), "when completion mode is Indexed"))
	}
	completions, failed := ptr.Deref(spec.Completions, 0), spec.MaxFailedIndexes
	if failed != nil && spec.Completions != nil && *failed > completions {
		at("maxFailedIndexes", *failed, "must be less than or equal to completions")
	}
	if failed != nil && *failed > MaxIndexes {
		at("maxFailedIndexes", *failed, "must be less than or equal to %d", MaxIndexes)
	}
	if completions <= MaxIndexes || spec.BackoffLimitPerIndex == nil {
		return errs
	}
	const beyond = "must be less than or equal to %d when completions are above %d and used with backoff limit per index"
	if failed == nil {
		errs = append(errs, field.Required(p.Child("maxFailedIndexes"), fmt.Sprintf("must be specified when completions is above %d", MaxIndexes)))
	}
	if parallelism := ptr.Deref(spec.Parallelism, 0); parallelism > MaxParallelismBeyond {
		at("parallelism", parallelism, beyond, MaxParallelismBeyond, MaxIndexes)
	}
	if failed != nil && *failed > MaxParallelismBeyond {
		at("maxFailedIndexes", *failed, beyond, MaxParallelismBeyond, MaxIndexes)
	}
	return errs
}

// validatePodReplacementPolicy checks that a job with a policy for failures
// replaces pods only after they have failed: before, it cannot be applied.
func validatePodReplacementPolicy(spec *batchv1.JobSpec, p *field.Path) field.ErrorList {
	supported := []batchv1.PodReplacementPolicy{batchv1.Failed, batchv1.TerminatingOrFailed}
	if spec.PodFailurePolicy != nil {
		supported = supported[:1]
	}
	if policy := spec.PodReplacementPolicy; policy != nil && !slices.Contains(supported, *policy) {
		return field.ErrorList{field.NotSupported(p, *policy, supported)}
	}
	return nil
}

// validateTemplate checks the template of pods that end by themselves.
func validateTemplate(spec *batchv1.JobSpec, opts podspec.Options, p *field.Path) field.ErrorList {
	errs := podspec.ValidatePodTemplateSpec(&spec.Template, opts, p)
	path, policy := p.Child("spec", "restartPolicy"), spec.Template.Spec.RestartPolicy
	switch policy {
	case "", corev1.RestartPolicyAlways: // Always is the default, so that it counts as missing
		errs = append(errs, field.Required(path, fmt.Sprintf("valid values: %q, %q", corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever)))
	case corev1.RestartPolicyNever:
	case corev1.RestartPolicyOnFailure:
		if spec.PodFailurePolicy != nil {
			errs = append(errs, field.Invalid(path, policy, `only "Never" is supported when podFailurePolicy is specified`))
		}
	default:
		errs = append(errs, field.NotSupported(path, policy, []corev1.RestartPolicy{corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever}))
	}
	return errs
}

// ValidateJobTemplate checks the template of the jobs of a cron job. Their
// selectors are generated.
func ValidateJobTemplate(t *batchv1.JobTemplateSpec, opts podspec.Options, p *field.Path) field.ErrorList {
	p = p.Child("spec")
	errs := ValidateJobSpec(&t.Spec, opts, p)
	if t.Spec.Selector != nil {
		errs = append(errs, field.Invalid(p.Child("selector"), t.Spec.Selector, "`selector` will be auto-generated"))
	}
	if ptr.Deref(t.Spec.ManualSelector, false) {
		errs = append(errs, field.NotSupported(p.Child("manualSelector"), true, []string{"nil", "false"}))
	}
	return errs
}
