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

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Mutating returns the plugin MutatingAdmissionWebhook.
func Mutating() admission.Plugin {
	return plugin(mutating.PluginName, "mutatingwebhookconfigurations", mutating.NewMutatingWebhook,
		func(d *deferred[*mutating.Plugin]) admission.Interface { return &mutatingPlugin{d} })
}

// Validating returns the plugin ValidatingAdmissionWebhook.
func Validating() admission.Plugin {
	return plugin(validating.PluginName, "validatingwebhookconfigurations", validating.NewValidatingAdmissionWebhook,
		func(d *deferred[*validating.Plugin]) admission.Interface { return &validatingPlugin{d} })
}

// plugin returns a plugin that create makes at once if it has a configuration file, which is
// checked by that and may name webhooks in files, and otherwise when an object of the resource
// exists. wrap gives a deferred plugin the method that the library detects.
func plugin[P library](name, resource string, create func(io.Reader) (P, error), wrap func(*deferred[P]) admission.Interface) admission.Plugin {
	configurations := admissionregistrationv1.SchemeGroupVersion.WithResource(resource)
	return admission.Plugin{
		Name:  name,
		Needs: []schema.GroupVersionResource{configurations},
		New: func(config io.Reader) (admission.Interface, error) {
			if config != nil {
				return create(config)
			}
			return wrap(newDeferred(configurations, func() (P, error) { return create(nil) })), nil
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
