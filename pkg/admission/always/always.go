// Package always implements the admission plugins AlwaysAdmit and AlwaysDeny. The
// one changes nothing. The other refuses every request that is not a read, and is
// for tests.
package always

import (
	"context"
	"io"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Admit returns the entry of AlwaysAdmit for the list of plugins.
func Admit() admission.Plugin {
	return admission.Plugin{Name: "AlwaysAdmit", Off: true, New: func(io.Reader) (admission.Interface, error) {
		return admission.Validate(), nil
	}}
}

// Deny returns the entry of AlwaysDeny for the list of plugins.
func Deny() admission.Plugin {
	return admission.Plugin{Name: "AlwaysDeny", Off: true, New: func(io.Reader) (admission.Interface, error) {
		rules := []admission.Rule{admission.OnAll(deny, admission.Create, admission.Update, admission.Delete, admission.Connect)}
		return admission.MutateAndValidate(rules, rules), nil
	}}
}

func deny(_ context.Context, a admission.Attributes) error {
	return admission.Forbidden(a, "admission control is denying all modifications")
}
