package validation

import (
	"encoding/json"

	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateConfiguration checks parameters for a driver. Those that are stored
// already may be longer than the limit.
func ValidateConfiguration(config *resourcev1.DeviceConfiguration, stored bool, p *field.Path) field.ErrorList {
	p = p.Child("opaque")
	if config.Opaque == nil {
		return field.ErrorList{field.Required(p, "")}
	}
	limit := resourcev1.OpaqueParametersMaxLength
	if stored {
		limit = len(config.Opaque.Parameters.Raw)
	}
	errs := ValidateDriverName(config.Opaque.Driver, p.Child("driver"))
	return append(errs, ValidateData(&config.Opaque.Parameters, limit, p.Child("parameters"))...)
}

// ValidateData checks data of a driver: a JSON object of at most limit bytes. The
// errors do not show it, because it may be long or secret.
func ValidateData(data *runtime.RawExtension, limit int, p *field.Path) field.ErrorList {
	if len(data.Raw) == 0 {
		return field.ErrorList{field.Required(p, "")}
	}
	if len(data.Raw) > limit {
		return field.ErrorList{field.TooLong(p, "", limit)}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data.Raw, &object); err != nil || object == nil {
		return field.ErrorList{field.Invalid(p, "<value omitted>", "must be a valid JSON object")}
	}
	return nil
}
