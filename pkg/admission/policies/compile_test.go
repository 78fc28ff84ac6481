package policies

import (
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// TestCompileValidating evaluates compiled policies for a config map.
func TestCompileValidating(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		edit       func(*admissionregistrationv1.ValidatingAdmissionPolicySpec)
	}{
		{name: "admitted", want: "admit", edit: func(s *admissionregistrationv1.ValidatingAdmissionPolicySpec) {
			s.Validations = []admissionregistrationv1.Validation{{Expression: "object.metadata.name == 'a'"}}
		}},
		{name: "message of an expression", want: "deny: a is wrong", edit: func(s *admissionregistrationv1.ValidatingAdmissionPolicySpec) {
			s.Validations = []admissionregistrationv1.Validation{{Expression: "false", Message: "m", MessageExpression: "object.metadata.name + ' is wrong'"}}
		}},
		{name: "the message belongs to its own validation", want: "admit; deny: second", edit: func(s *admissionregistrationv1.ValidatingAdmissionPolicySpec) {
			s.Validations = []admissionregistrationv1.Validation{{Expression: "true"}, {Expression: "false", MessageExpression: "'second'"}}
		}},
		{name: "variable", want: "deny: a", edit: func(s *admissionregistrationv1.ValidatingAdmissionPolicySpec) {
			s.Variables = []admissionregistrationv1.Variable{{Name: "n", Expression: "object.metadata.name"}}
			s.Validations = []admissionregistrationv1.Validation{{Expression: "variables.n != 'a'", MessageExpression: "string(variables.n)"}}
		}},
		{name: "condition", want: "", edit: func(s *admissionregistrationv1.ValidatingAdmissionPolicySpec) {
			s.MatchConditions = []admissionregistrationv1.MatchCondition{{Name: "never", Expression: "false"}}
			s.Validations = []admissionregistrationv1.Validation{{Expression: "false"}}
		}},
		{name: "mistake", want: "deny: compilation error: ", edit: func(s *admissionregistrationv1.ValidatingAdmissionPolicySpec) {
			s.Validations = []admissionregistrationv1.Validation{{Expression: "nothing"}}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := policy("p", "1")
			tt.edit(&p.Spec)
			var got []string
			for _, d := range evaluate(t, compileValidating(p)).Decisions {
				text := string(d.Action)
				if d.Message != "" {
					text += ": " + d.Message
				}
				got = append(got, text)
			}
			if text := strings.Join(got, "; "); !strings.HasPrefix(text, tt.want) || tt.want == "" && text != "" {
				t.Errorf("%q, want %q", text, tt.want)
			}
		})
	}
}

func evaluate(t *testing.T, v validating.Validator) validating.ValidateResult {
	t.Helper()
	object := &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: metav1.ObjectMeta{Name: "a"}}
	resource := corev1.SchemeGroupVersion.WithResource("configmaps")
	kind := corev1.SchemeGroupVersion.WithKind("ConfigMap")
	a := apiadmission.NewAttributesRecord(object, nil, kind, "ns", "a", resource, "", apiadmission.Create, nil, false, nil)
	versioned, err := apiadmission.NewVersionedAttributes(a, kind, apiadmission.NewObjectInterfacesFromScheme(runtime.NewScheme()))
	if err != nil {
		t.Fatal(err)
	}
	return v.Validate(t.Context(), resource, versioned, nil, nil, celconfig.RuntimeCELCostBudget, nil)
}
