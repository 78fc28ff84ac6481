package resourceclaim

import (
	"context"

	resourcev1 "k8s.io/api/resource/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	resourcevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/validation"
)

var (
	specPath        = field.NewPath("spec")
	allocationPath  = field.NewPath("status", "allocation")
	reservedForPath = field.NewPath("status", "reservedFor")
	devicesPath     = field.NewPath("status", "devices")
)

const immutable = "field is immutable"

func validateUpdate(_ context.Context, c, old object) field.ErrorList {
	if apiequality.Semantic.DeepEqual(c.Spec, old.Spec) {
		return nil
	}
	return field.ErrorList{field.Invalid(specPath, goform.Of(c.Spec), immutable)}
}

// validateStatus checks the status. An allocation can be set and taken away, but
// not changed.
func validateStatus(c, old object) field.ErrorList {
	status, before := &c.Status, old.Status.Allocation
	errs := resourcevalidation.ValidateSet(status.ReservedFor, resourcev1.ResourceClaimReservedForMaxSize, reservedForPath,
		func(r *resourcev1.ResourceClaimConsumerReference) string { return string(r.UID) }, validateConsumer)
	known := allocated(status)
	errs = append(errs, resourcevalidation.ValidateSet(status.Devices, len(status.Devices), devicesPath, keyOf,
		func(d *resourcev1.AllocatedDeviceStatus, p *field.Path) field.ErrorList {
			return validateDevice(d, known, p)
		})...)
	errs = append(errs, validateReservations(c, old)...)
	switch {
	case before != nil && status.Allocation != nil && !apiequality.Semantic.DeepEqual(status.Allocation, before):
		errs = append(errs, field.Invalid(allocationPath, goform.Of(status.Allocation), immutable))
	case before == nil && status.Allocation != nil:
		errs = append(errs, validateAllocation(status.Allocation, resourcevalidation.RequestNamesOf(&old.Spec))...)
	}
	return errs
}

func validateConsumer(r *resourcev1.ResourceClaimConsumerReference, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, required := range []struct{ name, value string }{{"resource", r.Resource}, {"name", r.Name}, {"uid", string(r.UID)}} {
		if required.value == "" {
			errs = append(errs, field.Required(p.Child(required.name), ""))
		}
	}
	return errs
}

// validateReservations refuses reservations of what is not allocated, and new ones
// of what will be deleted.
func validateReservations(c, old object) field.ErrorList {
	if len(c.Status.ReservedFor) == 0 {
		return nil
	}
	if c.Status.Allocation == nil {
		return field.ErrorList{field.Forbidden(reservedForPath, "may not be specified when `allocated` is not set")}
	}
	before := sets.New(old.Status.ReservedFor...)
	if c.DeletionTimestamp != nil && !before.HasAll(c.Status.ReservedFor...) {
		return field.ErrorList{field.Forbidden(reservedForPath,
			"new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set")}
	}
	return nil
}
