package policies

import (
	"context"
	"io"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/manifest/metrics"
	"k8s.io/apiserver/pkg/admission/plugin/policy/config"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	"k8s.io/apiserver/pkg/admission/plugin/policy/matching"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// These names of the validating policies are short for what follows.
type (
	validatingPolicy  = *admissionregistrationv1.ValidatingAdmissionPolicy
	validatingBinding = *admissionregistrationv1.ValidatingAdmissionPolicyBinding
)

// Validating returns the entry of ValidatingAdmissionPolicy for the list of plugins.
func Validating() admission.Plugin {
	return admission.Plugin{Name: validating.PluginName, Needs: []schema.GroupVersionResource{
		admissionregistrationv1.SchemeGroupVersion.WithResource(validatingKind.policies),
		admissionregistrationv1.SchemeGroupVersion.WithResource(validatingKind.bindings),
	}, New: func(file io.Reader) (admission.Interface, error) {
		c, err := config.LoadValidatingConfig(file)
		if err != nil {
			return nil, err
		}
		p := &validatingPlugin{newPlugin(validatingKind, c.StaticManifestsDir, newValidatingDispatcher,
			apiadmission.Connect, apiadmission.Create, apiadmission.Update, apiadmission.Delete)}
		p.SetEnabled(true)
		return p, nil
	}}
}

type validatingPlugin struct {
	*plugin[validatingPolicy, validatingBinding, validating.Validator]
}

var (
	_ apiadmission.ValidationInterface = (*validatingPlugin)(nil)
	_ initializer.WantsManifestLoaders = (*validatingPlugin)(nil)
)

// Validate implements admission.ValidationInterface.
func (p *validatingPlugin) Validate(ctx context.Context, a apiadmission.Attributes, o apiadmission.ObjectInterfaces) error {
	return p.Dispatch(ctx, a, o)
}

// SetManifestLoaders implements initializer.WantsManifestLoaders.
func (p *validatingPlugin) SetManifestLoaders(load *initializer.ManifestLoaders) {
	p.setManifests(metrics.VAPManifestType, load.LoadValidatingPolicyManifests, validating.Validator.CompileError)
}

func newValidatingDispatcher(a authorizer.UnconditionalAuthorizer, m *matching.Matcher, _ kubernetes.Interface) generic.Dispatcher[validating.PolicyHook] {
	return validating.NewDispatcher(a, generic.NewPolicyMatcher(m))
}

var validatingKind = kind[validatingPolicy, validatingBinding, validating.Validator]{
	policies:   "validatingadmissionpolicies",
	bindings:   "validatingadmissionpolicybindings",
	paramKind:  func(p validatingPolicy) *admissionregistrationv1.ParamKind { return p.Spec.ParamKind },
	policyName: func(b validatingBinding) string { return b.Spec.PolicyName },
	compile:    compileValidating,
}

// compileValidating compiles a policy. Expressions of messages cannot ask the
// authorizer.
func compileValidating(policy validatingPolicy) validating.Validator {
	spec := &policy.Spec
	c, err := newCompiler(spec.ParamKind, spec.Variables)
	if err != nil {
		return validating.NewValidator(nil, nil, nil, nil, spec.FailurePolicy, err)
	}
	// An element of messages stays nil where a validation has no such expression.
	validations, messages := []plugincel.ExpressionAccessor{}, make([]plugincel.ExpressionAccessor, len(spec.Validations))
	for i, v := range spec.Validations {
		validations = append(validations, &validating.ValidationCondition{Expression: v.Expression, Message: v.Message, Reason: v.Reason})
		if v.MessageExpression != "" {
			messages[i] = &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression}
		}
	}
	annotations := []plugincel.ExpressionAccessor{}
	for _, a := range spec.AuditAnnotations {
		annotations = append(annotations, &validating.AuditAnnotationCondition{Key: a.Key, ValueExpression: a.ValueExpression})
	}
	matcher := c.matcher(policy.Name, spec.MatchConditions, spec.FailurePolicy)
	withoutAuthorizer := plugincel.OptionalVariableDeclarations{HasParams: c.declared.HasParams}
	return validating.NewValidator(c.conditions(validations, c.declared), matcher, c.conditions(annotations, c.declared),
		c.conditions(messages, withoutAuthorizer), spec.FailurePolicy, nil)
}
