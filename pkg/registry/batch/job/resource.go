// Package job defines jobs, which run pods until a number of them has succeeded.
package job

import (
	"context"
	"slices"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/batch/jobspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
)

type object = *batchv1.Job

var template = workload.Template[object]{
	Of: func(j object) *corev1.PodTemplateSpec { return &j.Spec.Template }, Path: specPath.Child("template"), Warnings: warnings,
}

// Resource defines jobs.
var Resource = &registry.Resource[object]{
	GVR:        batchv1.SchemeGroupVersion.WithResource("jobs"),
	Singular:   "job",
	Categories: []string{"all"},
	New:        func() object { return &batchv1.Job{} },
	NewList:    func() runtime.Object { return &batchv1.JobList{} },
	// Clients of the first version of jobs expect that the pods stay.
	GarbageCollection: rest.OrphanDependents,
	Wrap:              warnOfOrphans,
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(j object) *batchv1.JobSpec { return &j.Spec }),
		Status:      registry.Part(func(j object) *batchv1.JobStatus { return &j.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: template.Hooks(registry.Hooks[object]{
		PrepareForCreate: func(_ context.Context, j object) {
			features.Drop(&j.Spec, nil, jobspec.GatedFields)
			generateSelector(j)
		},
		PrepareForUpdate: func(_ context.Context, j, old object) { features.Drop(&j.Spec, &old.Spec, jobspec.GatedFields) },
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.Metadata, registry.MetadataChange, registry.Change},
		ValidateUpdate:   validateUpdate,
	}),
	Facets:            map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{ValidateUpdate: validateStatusUpdate}}},
	DeclarativeConfig: declarativeConfig,
	Fields: []registry.Field[object]{
		{Name: "status.successful", Value: func(j object) string { return strconv.Itoa(int(j.Status.Succeeded)) }},
	},
	Columns: slices.Concat(columns, template.Columns(selector, registry.Doc(batchv1.JobSpec{}, "selector"))),
}

func declarativeConfig(_, old object) rest.DeclarativeValidationConfig {
	if old == nil {
		return jobspec.DeclarativeConfig(nil)
	}
	return jobspec.DeclarativeConfig(&old.Spec)
}

// warnings returns a warning if the status might not have room for all indexes.
func warnings(j object) []string {
	spec := &j.Spec
	if ptr.Deref(spec.CompletionMode, "") == batchv1.IndexedCompletion && ptr.Deref(spec.Completions, 0) > jobspec.MaxIndexes &&
		ptr.Deref(spec.Parallelism, 0) > jobspec.MaxParallelismBeyond {
		return []string{"spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, " +
			"Kubernetes might not be able to track completedIndexes when a big number of indexes fail"}
	}
	return nil
}
