// Package eventratelimit implements the admission plugin EventRateLimit. It
// refuses events that come faster than the configuration allows.
package eventratelimit

import (
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins. Only events of the core group
// are limited, as in kube-apiserver.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "EventRateLimit", Off: true, New: func(config io.Reader) (admission.Interface, error) {
		p, err := newPlugin(config)
		if err != nil {
			return nil, err
		}
		return admission.Validate(admission.On(corev1.Resource("events"), admission.Hooks[*corev1.Event]{
			Create: p.accept,
			Update: func(ctx context.Context, a admission.Attributes, event, _ *corev1.Event) error {
				return p.accept(ctx, a, event)
			},
		})), nil
	}}
}

type plugin struct{ limits []*limiter }

func newPlugin(config io.Reader) (*plugin, error) {
	kind := schema.GroupVersionKind{Group: "eventratelimit.admission.k8s.io", Version: "v1alpha1", Kind: "Configuration"}
	var c configuration
	if err := admission.DecodeKind(config, kind, &c); err != nil {
		return nil, err
	}
	if errs := c.validate(); len(errs) > 0 {
		return nil, errs.ToAggregate()
	}
	p := &plugin{}
	for _, l := range c.Limits {
		p.limits = append(p.limits, newLimiter(l))
	}
	return p, nil
}

// accept counts the event in all limits, also when one of them refuses it.
func (p *plugin) accept(_ context.Context, a admission.Attributes, event *corev1.Event) error {
	if a.IsDryRun() {
		return nil
	}
	var errs []error
	for _, limiter := range p.limits {
		key := limiter.key(a, event)
		if !limiter.accept(key) {
			errs = append(errs, fmt.Errorf("limit reached on type %v for key %v", limiter.Type, key))
		}
	}
	if err := utilerrors.NewAggregate(errs); err != nil {
		return apierrors.NewTooManyRequestsError(err.Error())
	}
	return nil
}
