// Package validatingwebhookconfiguration defines the configurations of validating webhooks.
package validatingwebhookconfiguration

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/webhooks"
)

type object = *admissionregistrationv1.ValidatingWebhookConfiguration

// Resource defines configurations of validating webhooks.
var Resource = &registry.Resource[object]{
	GVR:           admissionregistrationv1.SchemeGroupVersion.WithResource("validatingwebhookconfigurations"),
	Singular:      "validatingwebhookconfiguration",
	Categories:    []string{"api-extensions"},
	ClusterScoped: true,
	New:           func() object { return &admissionregistrationv1.ValidatingWebhookConfiguration{} },
	NewList:       func() runtime.Object { return &admissionregistrationv1.ValidatingWebhookConfigurationList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(c object) *[]admissionregistrationv1.ValidatingWebhook { return &c.Webhooks }),
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
		all[i].ValidatingWebhook = &c.Webhooks[i]
	}
	return all
}
