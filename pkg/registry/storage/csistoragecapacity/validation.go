package csistoragecapacity

import (
	"context"

	storagev1 "k8s.io/api/storage/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

var (
	nodeTopologyPath     = field.NewPath("nodeTopology")
	storageClassNamePath = field.NewPath("storageClassName")
)

func validate(_ context.Context, c *storagev1.CSIStorageCapacity) field.ErrorList {
	return validateCapacity(c, metav1validation.LabelSelectorValidationOptions{})
}

func validateCapacity(c *storagev1.CSIStorageCapacity, opts metav1validation.LabelSelectorValidationOptions) field.ErrorList {
	errs := metav1validation.ValidateLabelSelector(c.NodeTopology, opts, nodeTopologyPath)
	errs = append(errs, validation.ValidateDNS1123Subdomain(c.StorageClassName, storageClassNamePath)...)
	if c.Capacity != nil {
		errs = append(errs, validation.ValidateNonnegativeQuantity(*c.Capacity, field.NewPath("capacity"))...)
	}
	return errs
}

// validateUpdate lets only the numbers change: an object is about one class in
// one topology segment.
func validateUpdate(_ context.Context, c, old *storagev1.CSIStorageCapacity) field.ErrorList {
	errs := validateCapacity(c, metav1validation.LabelSelectorValidationOptions{
		AllowInvalidLabelValueInSelector: metav1validation.LabelSelectorHasInvalidLabelValue(old.NodeTopology)})
	errs = append(errs, apivalidation.ValidateImmutableField(c.NodeTopology, old.NodeTopology, nodeTopologyPath)...)
	return append(errs, apivalidation.ValidateImmutableField(c.StorageClassName, old.StorageClassName, storageClassNamePath)...)
}
