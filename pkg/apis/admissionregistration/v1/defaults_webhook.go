package v1

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_ValidatingWebhook sets the defaults of a validating webhook.
func SetDefaults_ValidatingWebhook(w *admissionregistrationv1.ValidatingWebhook) {
	defaults.Set(&w.FailurePolicy, admissionregistrationv1.Fail)
	defaults.Set(&w.MatchPolicy, admissionregistrationv1.Equivalent)
	defaults.Set(&w.NamespaceSelector, metav1.LabelSelector{})
	defaults.Set(&w.ObjectSelector, metav1.LabelSelector{})
	defaults.Set(&w.TimeoutSeconds, 10)
}

// SetDefaults_MutatingWebhook sets the defaults of a mutating webhook.
func SetDefaults_MutatingWebhook(w *admissionregistrationv1.MutatingWebhook) {
	defaults.Set(&w.FailurePolicy, admissionregistrationv1.Fail)
	defaults.Set(&w.MatchPolicy, admissionregistrationv1.Equivalent)
	defaults.Set(&w.NamespaceSelector, metav1.LabelSelector{})
	defaults.Set(&w.ObjectSelector, metav1.LabelSelector{})
	defaults.Set(&w.TimeoutSeconds, 10)
	defaults.Set(&w.ReinvocationPolicy, admissionregistrationv1.NeverReinvocationPolicy)
}

// SetDefaults_Rule lets a rule match resources of both scopes.
func SetDefaults_Rule(r *admissionregistrationv1.Rule) {
	defaults.Set(&r.Scope, admissionregistrationv1.AllScopes)
}

// SetDefaults_ServiceReference sets the port of HTTPS.
func SetDefaults_ServiceReference(r *admissionregistrationv1.ServiceReference) {
	defaults.Set(&r.Port, 443)
}
