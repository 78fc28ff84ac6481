package configmap

import (
	"context"
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

const (
	frozen  = "field is immutable when `immutable` is set"
	maxSize = corev1.MaxSecretSize
)

// validateUpdate refuses changes of the data of an immutable config map.
func validateUpdate(_ context.Context, c, old *corev1.ConfigMap) (errs field.ErrorList) {
	if ptr.Deref(old.Immutable, false) {
		if !ptr.Deref(c.Immutable, false) {
			errs = append(errs, field.Forbidden(field.NewPath("immutable"), frozen))
		}
		if !reflect.DeepEqual(c.Data, old.Data) {
			errs = append(errs, field.Forbidden(field.NewPath("data"), frozen))
		}
		if !reflect.DeepEqual(c.BinaryData, old.BinaryData) {
			errs = append(errs, field.Forbidden(field.NewPath("binaryData"), frozen))
		}
	}
	return errs
}

// validate checks the keys, which must be unique across data and binaryData,
// and the total size of the values.
func validate(_ context.Context, c *corev1.ConfigMap) field.ErrorList {
	var errs field.ErrorList
	size := 0
	for _, key := range slices.Sorted(maps.Keys(c.Data)) {
		at := field.NewPath("data").Key(key)
		errs = append(errs, validation.ValidateConfigMapKey(key, at)...)
		if _, twice := c.BinaryData[key]; twice {
			errs = append(errs, field.Invalid(at, key, "duplicate of key present in binaryData"))
		}
		size += len(c.Data[key])
	}
	for _, key := range slices.Sorted(maps.Keys(c.BinaryData)) {
		errs = append(errs, validation.ValidateConfigMapKey(key, field.NewPath("binaryData").Key(key))...)
		size += len(c.BinaryData[key])
	}
	if size > maxSize {
		errs = append(errs, field.TooLong(field.NewPath(""), "" /* the data is not repeated */, maxSize))
	}
	return errs
}
