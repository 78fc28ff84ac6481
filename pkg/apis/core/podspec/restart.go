package podspec

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

const (
	maxRestartRules     = 20
	maxRestartExitCodes = 255
)

// validateRestartPolicy checks the restart policy of a container and the rules
// that define exceptions to it.
func (v *specValidator) validateRestartPolicy(c *corev1.Container, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.RestartPolicy == nil {
		if len(c.RestartPolicyRules) > 0 {
			errs = append(errs, field.Required(p.Child("restartPolicy"), "must specify restartPolicy when restart rules are used"))
		}
	} else {
		errs = append(errs, metavalidation.ValidateOneOf(*c.RestartPolicy, p.Child("restartPolicy"), corev1.ContainerRestartPolicyAlways,
			corev1.ContainerRestartPolicyNever, corev1.ContainerRestartPolicyOnFailure)...)
	}
	rules := p.Child("restartPolicyRules")
	if n := len(c.RestartPolicyRules); n > maxRestartRules {
		errs = append(errs, field.TooMany(rules, n, maxRestartRules))
	}
	for i, r := range c.RestartPolicyRules {
		errs = append(errs, v.validateRestartRule(r, rules.Index(i))...)
	}
	return errs
}

func (v *specValidator) validateRestartRule(r corev1.ContainerRestartRule, p *field.Path) field.ErrorList {
	actions := []corev1.ContainerRestartRuleAction{corev1.ContainerRestartRuleActionRestart}
	if features.Enabled(features.RestartAllContainersOnContainerExits) || v.opts.kept.restartAll {
		actions = append(actions, corev1.ContainerRestartRuleActionRestartAllContainers)
	}
	errs := metavalidation.ValidateOneOf(r.Action, p.Child("action"), actions...)
	codes := p.Child("exitCodes")
	if r.ExitCodes == nil {
		return append(errs, field.Required(codes, "must be specified"))
	}
	errs = append(errs, metavalidation.ValidateOneOf(r.ExitCodes.Operator, codes.Child("operator"),
		corev1.ContainerRestartRuleOnExitCodesOpIn, corev1.ContainerRestartRuleOnExitCodesOpNotIn)...)
	if n := len(r.ExitCodes.Values); n > maxRestartExitCodes {
		errs = append(errs, field.TooMany(codes.Child("values"), n, maxRestartExitCodes))
	}
	return errs
}
