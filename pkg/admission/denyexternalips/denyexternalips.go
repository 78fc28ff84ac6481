// Package denyexternalips implements the admission plugin DenyServiceExternalIPs.
// It refuses services that begin to use external IP addresses. With these, who
// may write services can receive the traffic of others.
package denyexternalips

import (
	"context"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "DenyServiceExternalIPs", Off: true, New: func(io.Reader) (admission.Interface, error) {
		return admission.Validate(admission.On(corev1.Resource("services"), admission.Hooks[*corev1.Service]{
			Create: func(_ context.Context, a admission.Attributes, service *corev1.Service) error {
				return validate(a, service, nil)
			},
			Update: func(_ context.Context, a admission.Attributes, service, old *corev1.Service) error {
				return validate(a, service, old.Spec.ExternalIPs)
			}})), nil
	}}
}

// validate lets a service keep the addresses that it has, and give them up.
func validate(a admission.Attributes, service *corev1.Service, old []string) error {
	for _, ip := range service.Spec.ExternalIPs {
		if !slices.Contains(old, ip) {
			return admission.Forbidden(a, "Use of external IPs is denied by admission control")
		}
	}
	return nil
}
