package params_test

import (
	"context"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	admissionregistrationclient "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
	"k8s.io/utils/ptr"
)

// attempt is a write request of a user.
type attempt func(context.Context, admissionregistrationclient.AdmissionregistrationV1Interface) error

// must fails the test if a request of its preparation fails.
func must(t *testing.T) func(any, error) {
	t.Helper()
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func everyPod() *admissionregistrationv1.MatchResources {
	return &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
		RuleWithOperations: admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{corev1.GroupName}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
		},
	}}}
}

func validating(name string, kind *admissionregistrationv1.ParamKind) *admissionregistrationv1.ValidatingAdmissionPolicy {
	return &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{ParamKind: kind, MatchConstraints: everyPod(),
			Validations: []admissionregistrationv1.Validation{{Expression: "true"}}}}
}

func mutating(name string, kind *admissionregistrationv1.ParamKind) *admissionregistrationv1.MutatingAdmissionPolicy {
	return &admissionregistrationv1.MutatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{ParamKind: kind, MatchConstraints: everyPod(),
			Mutations: []admissionregistrationv1.Mutation{{PatchType: admissionregistrationv1.PatchTypeApplyConfiguration,
				ApplyConfiguration: &admissionregistrationv1.ApplyConfiguration{Expression: "Object{}"}}},
			ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy}}
}

func named(name string) *admissionregistrationv1.ParamRef {
	return &admissionregistrationv1.ParamRef{Name: name, ParameterNotFoundAction: ptr.To(admissionregistrationv1.DenyAction)}
}

func selected() *admissionregistrationv1.ParamRef {
	return &admissionregistrationv1.ParamRef{Selector: &metav1.LabelSelector{}, ParameterNotFoundAction: ptr.To(admissionregistrationv1.DenyAction)}
}

func in(namespace string, ref *admissionregistrationv1.ParamRef) *admissionregistrationv1.ParamRef {
	ref.Namespace = namespace
	return ref
}

func binding(name, policy string, ref *admissionregistrationv1.ParamRef) *admissionregistrationv1.ValidatingAdmissionPolicyBinding {
	return &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: policy, ParamRef: ref,
			ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}}}
}

// Nothing that an attempt writes is stored.
var (
	dryCreate = metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	dryPatch  = metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}
)

func newPolicy(apiVersion, kind string) attempt {
	return func(ctx context.Context, eve admissionregistrationclient.AdmissionregistrationV1Interface) error {
		policy := validating("new", &admissionregistrationv1.ParamKind{APIVersion: apiVersion, Kind: kind})
		_, err := eve.ValidatingAdmissionPolicies().Create(ctx, policy, dryCreate)
		return err
	}
}

func newMutation(apiVersion, kind string) attempt {
	return func(ctx context.Context, eve admissionregistrationclient.AdmissionregistrationV1Interface) error {
		policy := mutating("new", &admissionregistrationv1.ParamKind{APIVersion: apiVersion, Kind: kind})
		_, err := eve.MutatingAdmissionPolicies().Create(ctx, policy, dryCreate)
		return err
	}
}

func newBinding(policy string, ref *admissionregistrationv1.ParamRef) attempt {
	return func(ctx context.Context, eve admissionregistrationclient.AdmissionregistrationV1Interface) error {
		_, err := eve.ValidatingAdmissionPolicyBindings().Create(ctx, binding("new", policy, ref), dryCreate)
		return err
	}
}

func newMutatingBinding(policy string, ref *admissionregistrationv1.ParamRef) attempt {
	return func(ctx context.Context, eve admissionregistrationclient.AdmissionregistrationV1Interface) error {
		b := &admissionregistrationv1.MutatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: "new"},
			Spec: admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: policy, ParamRef: ref}}
		_, err := eve.MutatingAdmissionPolicyBindings().Create(ctx, b, dryCreate)
		return err
	}
}

func patchPolicy(name, patch string) attempt {
	return func(ctx context.Context, eve admissionregistrationclient.AdmissionregistrationV1Interface) error {
		_, err := eve.ValidatingAdmissionPolicies().Patch(ctx, name, types.MergePatchType, []byte(patch), dryPatch)
		return err
	}
}

func patchBinding(name, patch string) attempt {
	return func(ctx context.Context, eve admissionregistrationclient.AdmissionregistrationV1Interface) error {
		_, err := eve.ValidatingAdmissionPolicyBindings().Patch(ctx, name, types.MergePatchType, []byte(patch), dryPatch)
		return err
	}
}
