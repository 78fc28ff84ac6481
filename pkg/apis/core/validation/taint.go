package validation

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

// ValidateTolerations checks tolerations of taints. The operators Lt and Gt, which
// compare numbers (KEP-5471), are only valid if compare is true.
func ValidateTolerations(tolerations []corev1.Toleration, compare bool, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, t := range tolerations {
		errs = append(errs, validateToleration(t, compare, p.Index(i))...)
	}
	return errs
}

// ComparesTolerations reports whether a toleration uses an operator that
// compares numbers.
func ComparesTolerations(tolerations []corev1.Toleration) bool {
	return slices.ContainsFunc(tolerations, func(t corev1.Toleration) bool {
		return t.Operator == corev1.TolerationOpLt || t.Operator == corev1.TolerationOpGt
	})
}

func validateToleration(t corev1.Toleration, compare bool, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	operator := p.Child("operator")
	if t.Key != "" {
		errs = append(errs, metav1validation.ValidateLabelName(t.Key, p.Child("key"))...)
	} else if t.Operator != corev1.TolerationOpExists {
		errs = append(errs, field.Invalid(operator, t.Operator,
			"operator must be Exists when `key` is empty, which means \"match all values and all keys\""))
	}
	if t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute {
		errs = append(errs, field.Invalid(p.Child("effect"), t.Effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
	}
	switch t.Operator {
	case corev1.TolerationOpEqual, "":
		if msgs := utilvalidation.IsValidLabelValue(t.Value); len(msgs) > 0 {
			errs = append(errs, field.Invalid(operator, t.Value, strings.Join(msgs, ";")))
		}
	case corev1.TolerationOpExists:
		if t.Value != "" {
			errs = append(errs, field.Invalid(operator, t.Value, "value must be empty when `operator` is 'Exists'"))
		}
	case corev1.TolerationOpLt, corev1.TolerationOpGt:
		if compare {
			errs = append(errs, validateComparedNumber(t.Value, p.Child("value"))...)
			break
		}
		// Like in kube-apiserver, the error lists the operators that compare
		// numbers even though they are not allowed.
		errs = append(errs, field.NotSupported(operator, t.Operator, []corev1.TolerationOperator{
			corev1.TolerationOpEqual, corev1.TolerationOpExists, corev1.TolerationOpLt, corev1.TolerationOpGt}))
	default:
		errs = append(errs, field.NotSupported(operator, t.Operator, []corev1.TolerationOperator{
			corev1.TolerationOpEqual, corev1.TolerationOpExists}))
	}
	if t.Effect != "" {
		errs = append(errs, validateTaintEffect(t.Effect, p.Child("effect"))...)
	}
	return errs
}

// validateComparedNumber checks that a value is a 64 bit integer in its
// shortest form.
func validateComparedNumber(value string, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range content.IsDecimalInteger(value) {
		errs = append(errs, field.Invalid(p, value, msg))
	}
	if _, err := strconv.ParseInt(value, 10, 64); err != nil {
		errs = append(errs, field.Invalid(p, value, err.Error()))
	}
	return errs
}

// ValidateTaints checks the taints of a node, which must be unique by key and
// effect.
func ValidateTaints(taints []corev1.Taint, p *field.Path) field.ErrorList {
	type identity struct {
		key    string
		effect corev1.TaintEffect
	}
	var errs field.ErrorList
	seen := sets.Set[identity]{}
	for i, t := range taints {
		at := p.Index(i)
		errs = append(errs, metav1validation.ValidateLabelName(t.Key, at.Child("key"))...)
		if msgs := utilvalidation.IsValidLabelValue(t.Value); len(msgs) > 0 {
			errs = append(errs, field.Invalid(at.Child("value"), t.Value, strings.Join(msgs, ";")))
		}
		if t.Effect == "" {
			errs = append(errs, field.Required(at.Child("effect"), ""))
		} else {
			errs = append(errs, validateTaintEffect(t.Effect, at.Child("effect"))...)
		}
		id := identity{t.Key, t.Effect}
		if seen.Has(id) {
			twice := field.Duplicate(at, goform.Of(t))
			twice.Detail = "taints must be unique by key and effect pair"
			errs = append(errs, twice)
			continue
		}
		seen.Insert(id)
	}
	return errs
}

func validateTaintEffect(effect corev1.TaintEffect, p *field.Path) field.ErrorList {
	known := []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute}
	for _, k := range known {
		if effect == k {
			return nil
		}
	}
	return field.ErrorList{field.NotSupported(p, effect, known)}
}
