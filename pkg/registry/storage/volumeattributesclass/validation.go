package volumeattributesclass

import (
	"context"

	storagev1 "k8s.io/api/storage/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	storagevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/storage/validation"
)

var (
	driverNamePath = field.NewPath("driverName")
	parametersPath = field.NewPath("parameters")
)

func validate(_ context.Context, c *storagev1.VolumeAttributesClass) field.ErrorList {
	errs := storagevalidation.ValidateDriverName(c.DriverName, driverNamePath)
	if len(c.Parameters) == 0 {
		return append(errs, field.Required(parametersPath, "must contain at least one key/value pair"))
	}
	return append(errs, storagevalidation.ValidateParameters(c.Parameters, parametersPath)...)
}

func validateUpdate(_ context.Context, c, old *storagev1.VolumeAttributesClass) (errs field.ErrorList) {
	if c.DriverName != old.DriverName {
		errs = append(errs, field.Forbidden(driverNamePath, "updates to driverName are forbidden."))
	}
	if !apiequality.Semantic.DeepEqual(c.Parameters, old.Parameters) {
		errs = append(errs, field.Forbidden(parametersPath, "updates to parameters are forbidden."))
	}
	return errs
}
