package cronjob

import (
	"context"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the time zones, for systems that have none

	"github.com/robfig/cron/v3"
	batchv1 "k8s.io/api/batch/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/batch/jobspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// maxName leaves room for what the controller appends to the name of a cron job
// for the names of its jobs: "-" and the time in minutes.
const maxName = 52

var (
	specPath = field.NewPath("spec")
	jobPath  = specPath.Child("jobTemplate")
)

func validate(ctx context.Context, c object) field.ErrorList {
	errs := validateSpec(&c.Spec, nil, podspec.OptionsFrom(ctx))
	if len(c.Name) > maxName {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), c.Name, fmt.Sprintf("must be no more than %d characters", maxName)))
	}
	return errs
}

func validateUpdate(ctx context.Context, c, old object) field.ErrorList {
	was := &old.Spec.JobTemplate.Spec.Template
	return validateSpec(&c.Spec, &old.Spec, podspec.OptionsFrom(ctx).ForUpdate(&was.ObjectMeta, &was.Spec))
}

// validateSpec checks a spec. old is nil for a new object.
func validateSpec(spec, old *batchv1.CronJobSpec, opts podspec.Options) field.ErrorList {
	errs := validateSchedule(spec, old, specPath.Child("schedule"))
	errs = append(errs, apivalidation.ValidateNonnegativeField(ptr.Deref(spec.StartingDeadlineSeconds, 0), specPath.Child("startingDeadlineSeconds"))...)
	if old == nil || !ptr.Equal(spec.TimeZone, old.TimeZone) {
		errs = append(errs, validateTimeZone(spec.TimeZone, specPath.Child("timeZone"))...)
	}
	errs = append(errs, metavalidation.ValidateRequiredOneOf(spec.ConcurrencyPolicy, specPath.Child("concurrencyPolicy"),
		batchv1.AllowConcurrent, batchv1.ForbidConcurrent, batchv1.ReplaceConcurrent)...)
	errs = append(errs, jobspec.ValidateJobTemplate(&spec.JobTemplate, opts, jobPath)...)
	return append(errs, validation.ValidateNumbers(specPath,
		validation.Count("successfulJobsHistoryLimit", ptr.Deref(spec.SuccessfulJobsHistoryLimit, 0)),
		validation.Count("failedJobsHistoryLimit", ptr.Deref(spec.FailedJobsHistoryLimit, 0)),
	)...)
}

// validateSchedule checks that the schedule can be parsed. Its time zone belongs
// in a field of its own, except in a stored schedule that does not change.
func validateSchedule(spec, old *batchv1.CronJobSpec, path *field.Path) field.ErrorList {
	schedule := spec.Schedule
	if schedule == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	var errs field.ErrorList
	if err := parse(schedule); err != nil {
		errs = append(errs, field.Invalid(path, schedule, err.Error()))
	}
	if !namesTimeZone(schedule) {
		return errs
	}
	switch {
	case old == nil || schedule != old.Schedule:
		errs = append(errs, field.Invalid(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"))
	case spec.TimeZone != nil:
		errs = append(errs, field.Invalid(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"))
	}
	return errs
}

func namesTimeZone(schedule string) bool { return strings.Contains(schedule, "TZ") }

// parse parses a schedule. The library panics when there is nothing after a time
// zone.
func parse(schedule string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("invalid schedule format: %v", r)
		}
	}()
	_, err = cron.ParseStandard(schedule)
	return err
}

func validateTimeZone(zone *string, path *field.Path) field.ErrorList {
	if zone == nil {
		return nil
	}
	if *zone == "" {
		return field.ErrorList{field.Invalid(path, *zone, "timeZone must be nil or non-empty string")}
	}
	var errs field.ErrorList
	if strings.EqualFold(*zone, "Local") {
		errs = append(errs, field.Invalid(path, *zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"))
	}
	if _, err := time.LoadLocation(*zone); err != nil {
		errs = append(errs, field.Invalid(path, *zone, "unknown time zone "+*zone))
	}
	return errs
}

// warnings returns a warning about a time zone in a stored schedule.
func warnings(c object) []string {
	if !namesTimeZone(c.Spec.Schedule) {
		return nil
	}
	return []string{"CRON_TZ or TZ used in spec.spec.schedule is not officially supported, " +
		"see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"}
}
