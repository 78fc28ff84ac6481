package v1

import (
	batchv1 "k8s.io/api/batch/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_CronJob allows jobs at the same time, and sets how many finished
// jobs are kept.
func SetDefaults_CronJob(obj *batchv1.CronJob) {
	spec := &obj.Spec
	if spec.ConcurrencyPolicy == "" {
		spec.ConcurrencyPolicy = batchv1.AllowConcurrent
	}
	defaults.Set(&spec.Suspend, false)
	defaults.Set(&spec.SuccessfulJobsHistoryLimit, 3)
	defaults.Set(&spec.FailedJobsHistoryLimit, 1)
}
