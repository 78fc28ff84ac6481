package storageversionmigration

import (
	"context"
	"fmt"

	storagemigrationv1 "k8s.io/api/storagemigration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

var (
	resourcePath        = field.NewPath("spec", "resource")
	conditionsPath      = field.NewPath("status", "conditions")
	resourceVersionPath = field.NewPath("status", "resourceVersion")
)

func validate(_ context.Context, m object) (errs field.ErrorList) {
	resource := m.Spec.Resource
	if resource.Resource == "" {
		errs = append(errs, field.Required(resourcePath.Child("resource"), "resource is required to be set"))
	} else {
		for _, complaint := range utilvalidation.IsDNS1035Label(resource.Resource) {
			errs = append(errs, field.Invalid(resourcePath.Child("resource"), resource.Resource, complaint))
		}
	}
	if resource.Group != "" {
		errs = append(errs, validation.ValidateDNS1123Subdomain(resource.Group, resourcePath.Child("group"))...)
	}
	return errs
}

func validateUpdate(_ context.Context, m, old object) field.ErrorList {
	if m.Spec != old.Spec {
		return field.ErrorList{field.Invalid(field.NewPath("spec"), goform.Of(m.Spec), "field is immutable")}
	}
	return nil
}

// validateStatusUpdate checks what the migrator reports. A migration ends once,
// and the resource version that it goes up to does not change.
func validateStatusUpdate(_ context.Context, m, old object) (errs field.ErrorList) {
	status, before := &m.Status, &old.Status
	if version := status.ResourceVersion; version != "" {
		if _, err := resourceversion.CompareResourceVersion(version, version); err != nil {
			errs = append(errs, field.Invalid(resourceVersionPath, version, err.Error()))
		}
	}
	errs = append(errs, metav1validation.ValidateConditions(status.Conditions, conditionsPath)...)
	if before.ResourceVersion != "" && status.ResourceVersion != before.ResourceVersion {
		errs = append(errs, field.Invalid(resourceVersionPath, status.ResourceVersion, "field is immutable"))
	}
	if is(status, storagemigrationv1.MigrationSucceeded) && is(status, storagemigrationv1.MigrationFailed) {
		errs = append(errs, invalidConditions(status.Conditions, "Both success and failed conditions cannot be true at the same time"))
	}
	for _, end := range []struct {
		condition storagemigrationv1.MigrationConditionType
		name      string
	}{{storagemigrationv1.MigrationSucceeded, "Success"}, {storagemigrationv1.MigrationFailed, "Failed"}} {
		if is(before, end.condition) && !is(status, end.condition) {
			errs = append(errs, invalidConditions(status.Conditions, fmt.Sprintf("%s condition cannot be set to false once it is true", end.name)))
		}
	}
	return errs
}

func invalidConditions(conditions []metav1.Condition, detail string) *field.Error {
	return field.Invalid(conditionsPath, conditions, detail)
}

// is reports whether a condition is true.
func is(status *storagemigrationv1.StorageVersionMigrationStatus, t storagemigrationv1.MigrationConditionType) bool {
	return meta.IsStatusConditionTrue(status.Conditions, string(t))
}
