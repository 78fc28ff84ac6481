// Package validatingwebhookconfiguration defines the configurations of validating webhooks.
package validatingwebhookconfiguration

import (
	"context"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
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
	ValidateName:      apivalidation.NameIsDNSSubdomain,
	AnyFinalizer:      true,
	Hooks: registry.Hooks[object]{
		Validate: func(_ context.Context, c object) field.ErrorList {
			return validation.ValidateWebhooks(webhooks(c), nil, webhooksPath)
		},
		OnUpdate: []registry.Rule{registry.Metadata, registry.Change},
		ValidateUpdate: func(_ context.Context, c, old object) field.ErrorList {
			return validation.ValidateWebhooks(webhooks(c), validation.Expressions(webhooks(old)), webhooksPath)
		},
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Webhooks", Type: "integer", Description: "Webhooks indicates the number of webhooks registered in this configuration",
			Cell: func(c object) any { return len(c.Webhooks) }},
		registry.AgeColumn[object](),
	},
}

var webhooksPath = field.NewPath("webhooks")

func webhooks(c object) []validation.Webhook {
	all := make([]validation.Webhook, len(c.Webhooks))
	for i := range c.Webhooks {
		all[i].ValidatingWebhook = &c.Webhooks[i]
	}
	return all
}
