// Package webhooks implements the admission plugins MutatingAdmissionWebhook and
// ValidatingAdmissionWebhook. They are the plugins of k8s.io/apiserver, which are made
// when there is a configuration for the first time: each has CEL environments of 0.4 MiB
// from the beginning, and most servers never have a webhook.
package webhooks

import (
	"context"
	"io"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/validating"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Mutating returns the plugin MutatingAdmissionWebhook.
func Mutating() admission.Plugin {
	return admission.Plugin{
		Name:  mutating.PluginName,
		Needs: []schema.GroupVersionResource{admissionregistrationv1.SchemeGroupVersion.WithResource("mutatingwebhookconfigurations")},
		New: func(config io.Reader) (admission.Interface, error) {
			if config != nil {
				return mutating.NewMutatingWebhook(config) // which checks it, and may read webhooks from files
			}
			return &mutatingPlugin{newDeferred(
				func() (*mutating.Plugin, error) { return mutating.NewMutatingWebhook(nil) },
				func(f informers.SharedInformerFactory) cache.SharedIndexInformer {
					return f.Admissionregistration().V1().MutatingWebhookConfigurations().Informer()
				},
			)}, nil
		},
	}
}

// Validating returns the plugin ValidatingAdmissionWebhook.
func Validating() admission.Plugin {
	return admission.Plugin{
		Name:  validating.PluginName,
		Needs: []schema.GroupVersionResource{admissionregistrationv1.SchemeGroupVersion.WithResource("validatingwebhookconfigurations")},
		New: func(config io.Reader) (admission.Interface, error) {
			if config != nil {
				return validating.NewValidatingAdmissionWebhook(config)
			}
			return &validatingPlugin{newDeferred(
				func() (*validating.Plugin, error) { return validating.NewValidatingAdmissionWebhook(nil) },
				func(f informers.SharedInformerFactory) cache.SharedIndexInformer {
					return f.Admissionregistration().V1().ValidatingWebhookConfigurations().Informer()
				},
			)}, nil
		},
	}
}

// There are two types, because k8s.io/apiserver detects by their methods what plugins do.
type (
	mutatingPlugin   struct{ *deferred[*mutating.Plugin] }
	validatingPlugin struct{ *deferred[*validating.Plugin] }
)

// Admit implements admission.MutationInterface.
func (p *mutatingPlugin) Admit(ctx context.Context, a admission.Attributes, o apiadmission.ObjectInterfaces) error {
	plugin, called, err := p.plugin(ctx, a)
	if !called {
		return err
	}
	return plugin.Admit(ctx, a, o)
}

// Validate implements admission.ValidationInterface.
func (p *validatingPlugin) Validate(ctx context.Context, a admission.Attributes, o apiadmission.ObjectInterfaces) error {
	plugin, called, err := p.plugin(ctx, a)
	if !called {
		return err
	}
	return plugin.Validate(ctx, a, o)
}
