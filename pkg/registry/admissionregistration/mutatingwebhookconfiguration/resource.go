// Package mutatingwebhookconfiguration defines the configurations of mutating webhooks.
package mutatingwebhookconfiguration

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/webhooks"
)

type object = *admissionregistrationv1.MutatingWebhookConfiguration

// Resource defines configurations of mutating webhooks.
var Resource = &registry.Resource[object]{
	GVR:           admissionregistrationv1.SchemeGroupVersion.WithResource("mutatingwebhookconfigurations"),
	Singular:      "mutatingwebhookconfiguration",
	Categories:    []string{"api-extensions"},
	ClusterScoped: true,
	New:           func() object { return &admissionregistrationv1.MutatingWebhookConfiguration{} },
	NewList:       func() runtime.Object { return &admissionregistrationv1.MutatingWebhookConfigurationList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(c object) *[]admissionregistrationv1.MutatingWebhook { return &c.Webhooks }),
		Generations: true,
	},
	ConditionalUpdate: true,

	ValidateName: apivalidation.NameIsDNSSubdomain,
	AnyFinalizer: true,
	Hooks:        webhooks.Hooks(common),
	Columns:      webhooks.Columns(func(c object) int { return len(c.Webhooks) }),
}

// common returns the webhooks as those of both kinds of configurations.
func common(c object) []validation.Webhook {
	all := make([]validation.Webhook, len(c.Webhooks))
	for i := range c.Webhooks {
		w := &c.Webhooks[i]
		all[i] = validation.Webhook{
			ValidatingWebhook: &admissionregistrationv1.ValidatingWebhook{
				Name: w.Name, ClientConfig: w.ClientConfig, Rules: w.Rules, FailurePolicy: w.FailurePolicy, MatchPolicy: w.MatchPolicy,
				NamespaceSelector: w.NamespaceSelector, ObjectSelector: w.ObjectSelector, SideEffects: w.SideEffects, TimeoutSeconds: w.TimeoutSeconds,
				AdmissionReviewVersions: w.AdmissionReviewVersions, MatchConditions: w.MatchConditions,
			},
			ReinvocationPolicy: w.ReinvocationPolicy,
		}
	}
	return all
}
