package v1beta1

import (
	admissionregistrationv1beta1 "k8s.io/api/admissionregistration/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_ValidatingAdmissionPolicySpec lets a policy that cannot be evaluated
// refuse requests.
func SetDefaults_ValidatingAdmissionPolicySpec(s *admissionregistrationv1beta1.ValidatingAdmissionPolicySpec) {
	defaults.Set(&s.FailurePolicy, admissionregistrationv1beta1.Fail)
}

// SetDefaults_MutatingAdmissionPolicySpec lets a policy that cannot be evaluated
// refuse requests.
func SetDefaults_MutatingAdmissionPolicySpec(s *admissionregistrationv1beta1.MutatingAdmissionPolicySpec) {
	defaults.Set(&s.FailurePolicy, admissionregistrationv1beta1.Fail)
}

// SetDefaults_MatchResources sets the defaults of what a policy or a binding
// matches: the objects of all namespaces, in every version.
func SetDefaults_MatchResources(m *admissionregistrationv1beta1.MatchResources) {
	defaults.Set(&m.MatchPolicy, admissionregistrationv1beta1.Equivalent)
	defaults.Set(&m.NamespaceSelector, metav1.LabelSelector{})
	defaults.Set(&m.ObjectSelector, metav1.LabelSelector{})
}
