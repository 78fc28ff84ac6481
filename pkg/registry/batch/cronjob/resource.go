// Package cronjob defines cron jobs, which create jobs by a schedule.
package cronjob

import (
	"context"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/batch/jobspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
)

type object = *batchv1.CronJob

var template = workload.Template[object]{
	Of: func(c object) *corev1.PodTemplateSpec { return &c.Spec.JobTemplate.Spec.Template }, Path: jobPath.Child("spec", "template"),
	Warnings: warnings,
}

// Resource defines cron jobs.
var Resource = &registry.Resource[object]{
	GVR:        batchv1.SchemeGroupVersion.WithResource("cronjobs"),
	Singular:   "cronjob",
	ShortNames: []string{"cj"},
	Categories: []string{"all"},
	New:        func() object { return &batchv1.CronJob{} },
	NewList:    func() runtime.Object { return &batchv1.CronJobList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(c object) *batchv1.CronJobSpec { return &c.Spec }),
		Status:      registry.Part(func(c object) *batchv1.CronJobStatus { return &c.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: template.Hooks(registry.Hooks[object]{
		PrepareForCreate: func(_ context.Context, c object) {
			features.Drop(&c.Spec.JobTemplate.Spec, nil, jobspec.GatedFields)
		},
		PrepareForUpdate: func(_ context.Context, c, old object) {
			features.Drop(&c.Spec.JobTemplate.Spec, &old.Spec.JobTemplate.Spec, jobspec.GatedFields)
		},
		Validate:       validate,
		ValidateUpdate: validateUpdate,
	}),
	// Neither the status nor the metadata that comes with it is validated.
	Facets:            map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{OnUpdate: []registry.Rule{}}}},
	DeclarativeConfig: declarativeConfig,
	Columns: slices.Concat([]registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Schedule", Description: registry.Doc(batchv1.CronJobSpec{}, "schedule"), Cell: func(c object) any { return c.Spec.Schedule }},
		{Name: "Timezone", Description: registry.Doc(batchv1.CronJobSpec{}, "timeZone"),
			Cell: func(c object) any { return ptr.Deref(c.Spec.TimeZone, registry.None) }},
		{Name: "Suspend", Type: "boolean", Description: registry.Doc(batchv1.CronJobSpec{}, "suspend"), Cell: suspended},
		{Name: "Active", Type: "integer", Description: registry.Doc(batchv1.CronJobStatus{}, "active"),
			Cell: func(c object) any { return int64(len(c.Status.Active)) }},
		{Name: "Last Schedule", Description: registry.Doc(batchv1.CronJobStatus{}, "lastScheduleTime"), Cell: lastSchedule},
		registry.AgeColumn[object](),
	}, template.Columns(func(c object) *metav1.LabelSelector { return c.Spec.JobTemplate.Spec.Selector }, registry.Doc(batchv1.JobSpec{}, "selector"))),
}

func declarativeConfig(_, old object) rest.DeclarativeValidationConfig {
	if old == nil {
		return jobspec.DeclarativeConfig(nil)
	}
	return jobspec.DeclarativeConfig(&old.Spec.JobTemplate.Spec)
}

// suspended is a text, though the column is of another type, as in
// kube-apiserver.
func suspended(c object) any {
	if ptr.Deref(c.Spec.Suspend, false) {
		return "True"
	}
	return "False"
}

func lastSchedule(c object) any {
	if c.Status.LastScheduleTime == nil {
		return registry.None
	}
	return registry.Age(*c.Status.LastScheduleTime)
}
