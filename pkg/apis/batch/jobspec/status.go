package jobspec

import (
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// ValidateStatusIndexes checks the completed and the failed indexes in a status,
// where they have changed. p is the path of the status.
func ValidateStatusIndexes(job, old *batchv1.Job, p *field.Path) field.ErrorList {
	status, was := &job.Status, &old.Status
	completedChanged, failedChanged := status.CompletedIndexes != was.CompletedIndexes, !ptr.Equal(status.FailedIndexes, was.FailedIndexes)
	size := ptr.Deref(job.Spec.Completions, 0)
	completed, completedErr := parseIndexes(status.CompletedIndexes, size)
	failedText := ptr.Deref(status.FailedIndexes, "")
	failed, failedErr := parseIndexes(failedText, size)
	var errs field.ErrorList
	at := func(name, value, message string) { errs = append(errs, field.Invalid(p.Child(name), value, message)) }
	if completedChanged && completedErr != nil {
		at("completedIndexes", status.CompletedIndexes, "error parsing completedIndexes: "+completedErr.Error())
	}
	if completedChanged && status.CompletedIndexes != "" && !isIndexed(&job.Spec) {
		at("completedIndexes", status.CompletedIndexes, "cannot set non-empty completedIndexes when non-indexed completion mode")
	}
	if !failedChanged && !completedChanged || status.FailedIndexes == nil {
		return errs
	}
	switch {
	case job.Spec.BackoffLimitPerIndex == nil:
		if failedChanged {
			at("failedIndexes", failedText, "cannot set non-null failedIndexes when backoffLimitPerIndex is null")
		}
	case failedErr != nil:
		if failedChanged {
			at("failedIndexes", failedText, "error parsing failedIndexes: "+failedErr.Error())
		}
	case completedErr == nil:
		if index, found := completed.overlap(failed); found {
			at("failedIndexes", failedText, fmt.Sprintf("failedIndexes and completedIndexes overlap at index: %d", index))
		}
	}
	return errs
}
