package v1alpha1

import (
	admissionregistrationv1alpha1 "k8s.io/api/admissionregistration/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_ValidatingAdmissionPolicySpec lets a policy that cannot be evaluated
// refuse requests.
func SetDefaults_ValidatingAdmissionPolicySpec(s *admissionregistrationv1alpha1.ValidatingAdmissionPolicySpec) {
	defaults.Set(&s.FailurePolicy, admissionregistrationv1alpha1.Fail)
}

// SetDefaults_MutatingAdmissionPolicySpec lets a policy that cannot be evaluated
// refuse requests.
func SetDefaults_MutatingAdmissionPolicySpec(s *admissionregistrationv1alpha1.MutatingAdmissionPolicySpec) {
	defaults.Set(&s.FailurePolicy, admissionregistrationv1alpha1.Fail)
}

// SetDefaults_MatchResources sets the defaults of what a policy or a binding
// matches: the objects of all namespaces, in every version.
func SetDefaults_MatchResources(m *admissionregistrationv1alpha1.MatchResources) {
	defaults.Set(&m.MatchPolicy, admissionregistrationv1alpha1.Equivalent)
	defaults.Set(&m.NamespaceSelector, metav1.LabelSelector{})
	defaults.Set(&m.ObjectSelector, metav1.LabelSelector{})
}

// SetDefaults_ParamRef lets a binding whose parameters are not found fail. Other
// versions require that the binding says what happens.
func SetDefaults_ParamRef(r *admissionregistrationv1alpha1.ParamRef) {
	defaults.Set(&r.ParameterNotFoundAction, admissionregistrationv1alpha1.DenyAction)
}
