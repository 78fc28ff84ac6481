package prioritylevelconfiguration

import (
	"context"
	"fmt"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	flowcontrolbootstrap "k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap"
	"k8s.io/apiserver/pkg/util/shufflesharding"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/flowcontrol/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

const maxQueues = 10 * 1000 * 1000

func validate(_ context.Context, level *flowcontrolv1.PriorityLevelConfiguration) field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateSpec(level, spec)
	errs = append(errs, validateFixed(level, spec)...)
	return append(errs, validateStatus(&level.Status, field.NewPath("status"))...)
}

func validateStatusUpdate(_ context.Context, level, _ *flowcontrolv1.PriorityLevelConfiguration) field.ErrorList {
	return validateStatus(&level.Status, field.NewPath("status"))
}

// validateFixed checks that the spec of a mandatory level has its fixed value.
// Only the field "exempt" of the level "exempt" can be changed.
func validateFixed(level *flowcontrolv1.PriorityLevelConfiguration, path *field.Path) field.ErrorList {
	for _, mandatory := range flowcontrolbootstrap.MandatoryPriorityLevelConfigurations {
		if mandatory.Name != level.Name {
			continue
		}
		message := "spec of '%s' must equal the fixed value"
		want := mandatory.Spec
		if level.Name == flowcontrolv1.PriorityLevelConfigurationNameExempt {
			message = "spec of '%s' except the 'spec.exempt' field must equal the fixed value"
			want.Exempt = level.Spec.Exempt
		}
		if !apiequality.Semantic.DeepEqual(want, level.Spec) {
			return field.ErrorList{field.Invalid(path, goform.Of(level.Spec), fmt.Sprintf(message, level.Name))}
		}
	}
	return nil
}

// validateSpec checks the spec. The +k8s: tags of the type contain some of the
// same rules; what is found here is reported in these words.
func validateSpec(level *flowcontrolv1.PriorityLevelConfiguration, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	spec := &level.Spec
	exempt, limited := path.Child("exempt"), path.Child("limited")
	if (level.Name == flowcontrolv1.PriorityLevelConfigurationNameExempt) != (spec.Type == flowcontrolv1.PriorityLevelEnablementExempt) {
		errs = append(errs, field.Invalid(path.Child("type"), spec.Type, "must be 'Exempt' if and only if `name` is 'exempt'"))
	}
	switch spec.Type {
	case flowcontrolv1.PriorityLevelEnablementExempt:
		if spec.Limited != nil {
			errs = append(errs, field.Forbidden(limited, "must be nil if the type is not Limited"))
		}
		if spec.Exempt != nil {
			errs = append(errs, validateShares(spec.Exempt.NominalConcurrencyShares, spec.Exempt.LendablePercent, exempt)...)
		}
	case flowcontrolv1.PriorityLevelEnablementLimited:
		if spec.Exempt != nil {
			errs = append(errs, field.Forbidden(exempt, "must be nil if the type is Limited"))
		}
		if spec.Limited == nil {
			errs = append(errs, field.Required(limited, "must not be empty when type is Limited"))
		} else {
			errs = append(errs, validateLimited(spec.Limited, limited)...)
		}
	case "":
		errs = append(errs, field.Required(path.Child("type"), ""))
	default:
		errs = append(errs, field.NotSupported(path.Child("type"), spec.Type, []flowcontrolv1.PriorityLevelEnablement{
			flowcontrolv1.PriorityLevelEnablementExempt, flowcontrolv1.PriorityLevelEnablementLimited}))
	}
	return errs
}

func validateShares(shares, lendable *int32, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if shares != nil && *shares < 0 {
		errs = append(errs, field.Invalid(path.Child("nominalConcurrencyShares"), *shares, "must be a non-negative integer"))
	}
	if lendable != nil && (*lendable < 0 || *lendable > 100) {
		errs = append(errs, field.Invalid(path.Child("lendablePercent"), *lendable, "must be between 0 and 100, inclusive"))
	}
	return errs
}

func validateLimited(limited *flowcontrolv1.LimitedPriorityLevelConfiguration, path *field.Path) field.ErrorList {
	errs := validateShares(limited.NominalConcurrencyShares, limited.LendablePercent, path)
	if percent := limited.BorrowingLimitPercent; percent != nil && *percent < 0 {
		errs = append(errs, field.Invalid(path.Child("borrowingLimitPercent"), *percent, "if specified, must be a non-negative integer"))
	}
	return append(errs, validateLimitResponse(&limited.LimitResponse, path.Child("limitResponse"))...)
}

func validateLimitResponse(response *flowcontrolv1.LimitResponse, path *field.Path) field.ErrorList {
	kind, queuing := path.Child("type"), path.Child("queuing")
	switch response.Type {
	case flowcontrolv1.LimitResponseTypeReject:
		if response.Queuing != nil {
			return field.ErrorList{field.Forbidden(queuing, "must be nil if limited.limitResponse.type is not Limited")}
		}
		return nil
	case flowcontrolv1.LimitResponseTypeQueue:
		if response.Queuing == nil {
			return field.ErrorList{field.Required(queuing, "must not be empty if limited.limitResponse.type is Limited")}
		}
		return validateQueuing(response.Queuing, queuing)
	case "":
		return field.ErrorList{field.Required(kind, "")}
	}
	return field.ErrorList{field.NotSupported(kind, response.Type, []flowcontrolv1.LimitResponseType{
		flowcontrolv1.LimitResponseTypeQueue, flowcontrolv1.LimitResponseTypeReject})}
}

// validateQueuing checks the queues. Among other things, the hand size must be
// small enough for shuffle sharding to deal a hand from one hash value.
func validateQueuing(q *flowcontrolv1.QueuingConfiguration, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	invalid := func(name string, value int32, message string, args ...any) {
		errs = append(errs, field.Invalid(path.Child(name), value, fmt.Sprintf(message, args...)))
	}
	if q.QueueLengthLimit <= 0 {
		invalid("queueLengthLimit", q.QueueLengthLimit, "must be positive")
	}
	switch {
	case q.Queues <= 0:
		invalid("queues", q.Queues, "must be positive")
	case q.Queues > maxQueues:
		invalid("queues", q.Queues, "must not be greater than %d", maxQueues)
	}
	switch {
	case q.HandSize <= 0:
		invalid("handSize", q.HandSize, "must be positive")
	case q.HandSize > q.Queues:
		invalid("handSize", q.HandSize, "should not be greater than queues (%d)", q.Queues)
	case shufflesharding.RequiredEntropyBits(int(q.Queues), int(q.HandSize)) > shufflesharding.MaxHashBits:
		invalid("handSize", q.HandSize, "required entropy bits of deckSize %d and handSize %d should not be greater than %d",
			q.Queues, q.HandSize, shufflesharding.MaxHashBits)
	}
	return errs
}

func validateStatus(status *flowcontrolv1.PriorityLevelConfigurationStatus, path *field.Path) field.ErrorList {
	return validation.ValidateConditions(status.Conditions,
		func(c flowcontrolv1.PriorityLevelConfigurationCondition) flowcontrolv1.PriorityLevelConfigurationConditionType {
			return c.Type
		}, path)
}
