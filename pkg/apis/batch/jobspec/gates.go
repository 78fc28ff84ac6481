package jobspec

import (
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// GatedFields are the fields of the spec of a job that need a feature gate.
var GatedFields = []features.Gated[batchv1.JobSpec]{{
	Gate:  features.WorkloadWithJob,
	Field: features.Pointer(func(spec *batchv1.JobSpec) **batchv1.JobSchedulingConfiguration { return &spec.Scheduling }),
}}

// DeclarativeConfig configures the generated validation of the spec of a job. old
// is the stored spec, or nil on create.
func DeclarativeConfig(old *batchv1.JobSpec) rest.DeclarativeValidationConfig {
	return rest.DeclarativeValidationConfig{Options: map[string]bool{
		string(features.WorkloadWithJob): features.Enabled(features.WorkloadWithJob) || old != nil && old.Scheduling != nil,
	}}
}
