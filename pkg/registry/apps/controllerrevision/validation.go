package controllerrevision

import (
	"context"
	"encoding/json"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var dataPath = field.NewPath("data")

// validate checks that there is data, which must be a JSON object.
func validate(_ context.Context, r object) field.ErrorList {
	var errs field.ErrorList
	switch {
	case len(r.Data.Raw) == 0 || string(r.Data.Raw) == "null":
		errs = append(errs, field.Required(dataPath, "data is mandatory"))
	case json.Unmarshal(r.Data.Raw, &map[string]any{}) != nil:
		errs = append(errs, field.Required(dataPath, "data must be a valid JSON object"))
	}
	return append(errs, validateRevision(r)...)
}

// validateUpdate refuses changes of the data. The revision may change, because a
// controller that returns to an earlier version makes it the latest revision.
func validateUpdate(_ context.Context, r, old object) field.ErrorList {
	var errs field.ErrorList
	if !apiequality.Semantic.DeepEqual(r.Data, old.Data) {
		errs = append(errs, field.Invalid(dataPath, r.Data, apivalidation.FieldImmutableErrorMsg))
	}
	return append(errs, validateRevision(r)...)
}

func validateRevision(r object) field.ErrorList {
	return apivalidation.ValidateNonnegativeField(r.Revision, field.NewPath("revision"))
}
