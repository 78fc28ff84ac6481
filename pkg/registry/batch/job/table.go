package job

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

var columns = []registry.Column[object]{
	registry.NameColumn[object](),
	{Name: "Status", Description: "Status of the job.", Cell: func(j object) any { return state(j) }},
	{Name: "Completions", Description: registry.Doc(batchv1.JobStatus{}, "succeeded"), Cell: func(j object) any { return completions(j) }},
	{Name: "Duration", Description: "Time required to complete the job.", Cell: func(j object) any { return elapsed(&j.Status) }},
	registry.AgeColumn[object](),
}

// state names the condition that says most about a job.
func state(j object) string {
	status := &j.Status
	switch {
	case isTrue(status, batchv1.JobComplete):
		return "Complete"
	case isTrue(status, batchv1.JobFailed):
		return "Failed"
	case j.DeletionTimestamp != nil:
		return "Terminating"
	case isTrue(status, batchv1.JobSuspended):
		return "Suspended"
	case isTrue(status, batchv1.JobFailureTarget):
		return "FailureTarget"
	case isTrue(status, batchv1.JobSuccessCriteriaMet):
		return "SuccessCriteriaMet"
	}
	return "Running"
}

// completions counts the pods that have succeeded. A job without completions ends
// when one of its pods has succeeded.
func completions(j object) string {
	succeeded, parallelism := j.Status.Succeeded, ptr.Deref(j.Spec.Parallelism, 0)
	switch {
	case j.Spec.Completions != nil:
		return fmt.Sprintf("%d/%d", succeeded, *j.Spec.Completions)
	case parallelism > 1:
		return fmt.Sprintf("%d/1 of %d", succeeded, parallelism)
	}
	return fmt.Sprintf("%d/1", succeeded)
}

// elapsed is how long the job has run.
func elapsed(status *batchv1.JobStatus) string {
	switch {
	case status.StartTime == nil:
		return ""
	case status.CompletionTime == nil:
		return duration.HumanDuration(time.Since(status.StartTime.Time))
	}
	return duration.HumanDuration(status.CompletionTime.Sub(status.StartTime.Time))
}
