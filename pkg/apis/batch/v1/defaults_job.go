package v1

import (
	"math"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_Job sets the defaults of jobs. They do not apply to the template
// of a cron job: its jobs get them when they are created.
//
// A job without labels shares those of its template, as in kube-apiserver: the
// labels that the template gets with a generated selector become labels of the
// job, too.
func SetDefaults_Job(obj *batchv1.Job) {
	spec := &obj.Spec
	if spec.Completions == nil && spec.Parallelism == nil {
		defaults.Set(&spec.Completions, 1)
	}
	defaults.Set(&spec.Parallelism, 1)
	if spec.BackoffLimitPerIndex != nil {
		defaults.Set(&spec.BackoffLimit, math.MaxInt32)
	}
	defaults.Set(&spec.BackoffLimit, 6)
	if len(obj.Labels) == 0 && len(spec.Template.Labels) > 0 {
		obj.Labels = spec.Template.Labels
	}
	defaults.Set(&spec.CompletionMode, batchv1.NonIndexedCompletion)
	defaults.Set(&spec.Suspend, false)
	if spec.PodFailurePolicy != nil {
		defaults.Set(&spec.PodReplacementPolicy, batchv1.Failed)
	}
	defaults.Set(&spec.PodReplacementPolicy, batchv1.TerminatingOrFailed)
	defaults.Set(&spec.ManualSelector, false)
}

// SetDefaults_PodFailurePolicyOnPodConditionsPattern makes a pattern match a
// condition that is true. This also applies to the templates of cron jobs.
func SetDefaults_PodFailurePolicyOnPodConditionsPattern(obj *batchv1.PodFailurePolicyOnPodConditionsPattern) {
	if obj.Status == "" {
		obj.Status = corev1.ConditionTrue
	}
}
