package podspec

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

func (v *specValidator) validateSpread(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	constraints := v.spec.TopologySpreadConstraints
	for i := range constraints {
		c, at := &constraints[i], p.Index(i)
		errs = append(errs, v.validateSpreadConstraint(c, at)...)
		// The keys of a constraint are topologyKey and whenUnsatisfiable. If
		// several constraints have the same keys, kube-apiserver reports all
		// except the last one as duplicates.
		if slices.ContainsFunc(constraints[i+1:], func(other corev1.TopologySpreadConstraint) bool {
			return other.TopologyKey == c.TopologyKey && other.WhenUnsatisfiable == c.WhenUnsatisfiable
		}) {
			errs = append(errs, field.Duplicate(at.Child("{topologyKey, whenUnsatisfiable}"),
				fmt.Sprintf("{%s, %s}", c.TopologyKey, c.WhenUnsatisfiable)))
		}
		errs = append(errs, v.validateSpreadPolicies(c, at)...)
	}
	return errs
}

func (v *specValidator) validateSpreadConstraint(c *corev1.TopologySpreadConstraint, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.MaxSkew <= 0 {
		errs = append(errs, field.Invalid(p.Child("maxSkew"), c.MaxSkew, "must be greater than zero"))
	}
	if c.TopologyKey == "" {
		errs = append(errs, field.Required(p.Child("topologyKey"), "can not be empty"))
	}
	return append(errs, metavalidation.ValidateOneOf(c.WhenUnsatisfiable, p.Child("whenUnsatisfiable"), corev1.DoNotSchedule, corev1.ScheduleAnyway)...)
}

func (v *specValidator) validateSpreadPolicies(c *corev1.TopologySpreadConstraint, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if n := c.MinDomains; n != nil {
		at := p.Child("minDomains")
		if *n <= 0 {
			errs = append(errs, field.Invalid(at, n, "must be greater than zero"))
		}
		if c.WhenUnsatisfiable != corev1.DoNotSchedule {
			errs = append(errs, field.Invalid(at, n,
				fmt.Sprintf("can only use minDomains if whenUnsatisfiable=%s, not %s", corev1.DoNotSchedule, c.WhenUnsatisfiable)))
		}
	}
	for _, policy := range []struct {
		name  string
		value *corev1.NodeInclusionPolicy
	}{{"nodeAffinityPolicy", c.NodeAffinityPolicy}, {"nodeTaintsPolicy", c.NodeTaintsPolicy}} {
		if policy.value != nil {
			errs = append(errs, metavalidation.ValidateOneOf(*policy.value, p.Child(policy.name), corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore)...)
		}
	}
	errs = append(errs, v.validateLabelKeys("matchLabelKeys", c.MatchLabelKeys, c.LabelSelector, p)...)
	selectors := metav1validation.LabelSelectorValidationOptions{AllowInvalidLabelValueInSelector: v.opts.kept.spreadSelector}
	return append(errs, metav1validation.ValidateLabelSelector(c.LabelSelector, selectors, p.Child("labelSelector"))...)
}
