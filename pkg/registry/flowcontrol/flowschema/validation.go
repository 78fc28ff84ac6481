package flowschema

import (
	"context"
	"fmt"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	flowcontrolbootstrap "k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/flowcontrol/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

const maxMatchingPrecedence = 10000

var distinguishers = []flowcontrolv1.FlowDistinguisherMethodType{
	flowcontrolv1.FlowDistinguisherMethodByNamespaceType, flowcontrolv1.FlowDistinguisherMethodByUserType,
}

func validate(_ context.Context, schema *flowcontrolv1.FlowSchema) field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateSpec(schema, spec)
	for _, mandatory := range flowcontrolbootstrap.MandatoryFlowSchemas {
		if mandatory.Name == schema.Name && !apiequality.Semantic.DeepEqual(mandatory.Spec, schema.Spec) {
			errs = append(errs, field.Invalid(spec, goform.Of(schema.Spec), fmt.Sprintf("spec of '%s' must equal the fixed value", schema.Name)))
		}
	}
	return append(errs, validateStatus(&schema.Status, field.NewPath("status"))...)
}

func validateSpec(schema *flowcontrolv1.FlowSchema, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	spec := &schema.Spec
	precedence := path.Child("matchingPrecedence")
	switch n := spec.MatchingPrecedence; {
	case n <= 0:
		errs = append(errs, field.Invalid(precedence, n, "must be a positive value"))
	case n > maxMatchingPrecedence:
		errs = append(errs, field.Invalid(precedence, n, fmt.Sprintf("must not be greater than %v", maxMatchingPrecedence)))
	case n == 1 && schema.Name != flowcontrolv1.FlowSchemaNameExempt:
		errs = append(errs, field.Invalid(precedence, n, "only the schema named 'exempt' may have matchingPrecedence 1"))
	}
	if method := spec.DistinguisherMethod; method != nil && method.Type != distinguishers[0] && method.Type != distinguishers[1] {
		errs = append(errs, field.NotSupported(path.Child("distinguisherMethod", "type"), goform.Of(method), distinguishers))
	}
	level := path.Child("priorityLevelConfiguration", "name")
	if name := spec.PriorityLevelConfiguration.Name; name == "" {
		errs = append(errs, field.Required(level, "must reference a priority level"))
	} else {
		errs = append(errs, validateName(name, apivalidation.NameIsDNSSubdomain, level)...)
	}
	for i := range spec.Rules {
		errs = append(errs, validateRule(&spec.Rules[i], path.Child("rules").Index(i))...)
	}
	return errs
}

func validateName(name string, valid apivalidation.ValidateNameFunc, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, message := range valid(name, false) {
		errs = append(errs, field.Invalid(path, name, message))
	}
	return errs
}

func validateStatus(status *flowcontrolv1.FlowSchemaStatus, path *field.Path) field.ErrorList {
	return validation.ValidateConditions(status.Conditions, func(c flowcontrolv1.FlowSchemaCondition) flowcontrolv1.FlowSchemaConditionType { return c.Type },
		path)
}
