package policies

import (
	"context"
	"fmt"
	"io"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/managedfields"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/admission/plugin/manifest/metrics"
	"k8s.io/apiserver/pkg/admission/plugin/policy/config"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	"k8s.io/apiserver/pkg/admission/plugin/policy/matching"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	genericfeatures "k8s.io/apiserver/pkg/features"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-base/featuregate"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// These names of the mutating policies are short for what follows.
type (
	mutatingPolicy  = *admissionregistrationv1.MutatingAdmissionPolicy
	mutatingBinding = *admissionregistrationv1.MutatingAdmissionPolicyBinding
)

// Mutating returns the entry of MutatingAdmissionPolicy for the list of plugins. It
// names no resource that it needs, because versions before 1.36, in which there is
// none, can be emulated, and do not have its feature gate on.
func Mutating() admission.Plugin {
	return admission.Plugin{Name: mutating.PluginName, New: func(file io.Reader) (admission.Interface, error) {
		c, err := config.LoadMutatingConfig(file)
		if err != nil {
			return nil, err
		}
		p := &mutatingPlugin{}
		p.plugin = newPlugin(mutatingKind, c.StaticManifestsDir, p.newDispatcher, apiadmission.Connect, apiadmission.Create, apiadmission.Update)
		return p, nil
	}}
}

type mutatingPlugin struct {
	*plugin[mutatingPolicy, mutatingBinding, mutating.PolicyEvaluator]
	builtIn managedfields.TypeConverter
}

var (
	_ apiadmission.MutationInterface   = (*mutatingPlugin)(nil)
	_ initializer.WantsManifestLoaders = (*mutatingPlugin)(nil)
	_ initializer.WantsFeatures        = (*mutatingPlugin)(nil)
	_ WantsTypeConverter               = (*mutatingPlugin)(nil)
)

// WantsTypeConverter is implemented by a plugin that needs the schemas of the
// built-in types.
type WantsTypeConverter interface {
	SetTypeConverter(managedfields.TypeConverter)
}

// Admit implements admission.MutationInterface.
func (p *mutatingPlugin) Admit(ctx context.Context, a apiadmission.Attributes, o apiadmission.ObjectInterfaces) error {
	return p.Dispatch(ctx, a, o)
}

// InspectFeatureGates implements initializer.WantsFeatures.
func (p *mutatingPlugin) InspectFeatureGates(gates featuregate.FeatureGate) {
	p.SetEnabled(gates.Enabled(genericfeatures.MutatingAdmissionPolicy))
}

// SetTypeConverter implements WantsTypeConverter.
func (p *mutatingPlugin) SetTypeConverter(c managedfields.TypeConverter) { p.builtIn = c }

// SetManifestLoaders implements initializer.WantsManifestLoaders.
func (p *mutatingPlugin) SetManifestLoaders(load *initializer.ManifestLoaders) {
	p.setManifests(metrics.MAPManifestType, load.LoadMutatingPolicyManifests, func(e mutating.PolicyEvaluator) error { return e.Error })
}

func (p *mutatingPlugin) newDispatcher(a authorizer.UnconditionalAuthorizer, m *matching.Matcher, client kubernetes.Interface,
) generic.Dispatcher[mutating.PolicyHook] {
	return mutating.NewDispatcher(a, m, newSchemas(p.builtIn, client, &p.changes))
}

var mutatingKind = kind[mutatingPolicy, mutatingBinding, mutating.PolicyEvaluator]{
	policies:   "mutatingadmissionpolicies",
	bindings:   "mutatingadmissionpolicybindings",
	paramKind:  func(p mutatingPolicy) *admissionregistrationv1.ParamKind { return p.Spec.ParamKind },
	policyName: func(b mutatingBinding) string { return b.Spec.PolicyName },
	compile:    compileMutating,
}

// compileMutating compiles a policy: there is a patcher for each mutation.
func compileMutating(policy mutatingPolicy) mutating.PolicyEvaluator {
	spec := &policy.Spec
	c, err := newCompiler(spec.ParamKind, spec.Variables)
	if err != nil {
		return mutating.PolicyEvaluator{Error: &apiservercel.Error{
			Type: apiservercel.ErrorTypeInternal, Detail: fmt.Sprintf("failed to initialize CEL compiler: %v", err)}}
	}
	e := mutating.PolicyEvaluator{CompositedCompiler: c.CompositedCompiler, Matcher: c.matcher(policy.Name, spec.MatchConditions, spec.FailurePolicy)}
	declared := c.declared
	declared.HasPatchTypes = true
	for _, m := range spec.Mutations {
		switch {
		case m.PatchType == admissionregistrationv1.PatchTypeJSONPatch && m.JSONPatch != nil:
			e.Mutators = append(e.Mutators, patch.NewJSONPatcher(c.CompileMutatingEvaluator(
				&patch.JSONPatchCondition{Expression: m.JSONPatch.Expression}, declared, environment.StoredExpressions)))
		case m.PatchType == admissionregistrationv1.PatchTypeApplyConfiguration && m.ApplyConfiguration != nil:
			e.Mutators = append(e.Mutators, patch.NewApplyConfigurationPatcher(c.CompileMutatingEvaluator(
				&patch.ApplyConfigurationCondition{Expression: m.ApplyConfiguration.Expression}, declared, environment.StoredExpressions)))
		}
	}
	return e
}
