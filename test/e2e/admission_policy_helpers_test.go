package e2e

import (
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// The types of policies, under shorter names.
type (
	validatingPolicyType  = admissionregistrationv1.ValidatingAdmissionPolicy
	validatingBindingType = admissionregistrationv1.ValidatingAdmissionPolicyBinding
	mutatingPolicyType    = admissionregistrationv1.MutatingAdmissionPolicy
	mutatingBindingType   = admissionregistrationv1.MutatingAdmissionPolicyBinding
)

// matching are the resources of rules.
func matching(rules []rule) *admissionregistrationv1.MatchResources {
	m := &admissionregistrationv1.MatchResources{}
	for _, r := range rules {
		m.ResourceRules = append(m.ResourceRules, admissionregistrationv1.NamedRuleWithOperations{RuleWithOperations: r})
	}
	return m
}

// validatingPolicy is a policy that requires an expression to be true.
func validatingPolicy(name, expression string, rules []rule) *validatingPolicyType {
	return &validatingPolicyType{ObjectMeta: named(name), Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: matching(rules), Validations: []admissionregistrationv1.Validation{{Expression: expression, Message: "refused by " + name}}}}
}

// validatingBinding is a binding of the policy with the same name.
func validatingBinding(name string) *validatingBindingType {
	return &validatingBindingType{ObjectMeta: named(name), Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}}}
}

// mutatingPolicy is a policy that applies the configuration of an expression.
func mutatingPolicy(name, expression string, rules []rule) *mutatingPolicyType {
	return &mutatingPolicyType{ObjectMeta: named(name), Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
		MatchConstraints: matching(rules), ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
		Mutations: []admissionregistrationv1.Mutation{{PatchType: admissionregistrationv1.PatchTypeApplyConfiguration,
			ApplyConfiguration: &admissionregistrationv1.ApplyConfiguration{Expression: expression}}}}}
}

// mutatingBinding is a binding of the policy with the same name.
func mutatingBinding(name string) *mutatingBindingType {
	return &mutatingBindingType{ObjectMeta: named(name), Spec: admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name}}
}

// enforce creates a policy and its binding.
func enforce(t testing.TB, c kubernetes.Interface, policy *validatingPolicyType, binding *validatingBindingType) {
	t.Helper()
	_, err := c.AdmissionregistrationV1().ValidatingAdmissionPolicies().Create(t.Context(), policy, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = c.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Create(t.Context(), binding, metav1.CreateOptions{})
	testutil.Check(t, err)
}

// enforceMutation creates a policy and its binding.
func enforceMutation(t testing.TB, c kubernetes.Interface, policy *mutatingPolicyType) {
	t.Helper()
	_, err := c.AdmissionregistrationV1().MutatingAdmissionPolicies().Create(t.Context(), policy, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = c.AdmissionregistrationV1().MutatingAdmissionPolicyBindings().Create(t.Context(), mutatingBinding(policy.Name), metav1.CreateOptions{})
	testutil.Check(t, err)
}
