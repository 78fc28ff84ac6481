// Package admissionregistration lists the resources of
// admissionregistration.k8s.io.
package admissionregistration

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/mutatingadmissionpolicy"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/mutatingadmissionpolicybinding"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/mutatingwebhookconfiguration"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/validatingadmissionpolicy"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/validatingadmissionpolicybinding"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/validatingwebhookconfiguration"
)

// Group returns admissionregistration.k8s.io. The package params checks what
// policies and bindings refer to.
func Group(needs params.Needs) registry.Group {
	return registry.Group{
		Name:     "admissionregistration.k8s.io",
		Priority: 16700,
		Versions: []registry.Version{{Name: "v1"}, {Name: "v1beta1"}, {Name: "v1alpha1"}},
		Resources: []registry.Definition{
			mutatingadmissionpolicy.New(needs),
			mutatingadmissionpolicybinding.New(needs),
			mutatingwebhookconfiguration.Resource,
			validatingadmissionpolicy.New(needs),
			validatingadmissionpolicybinding.New(needs),
			validatingwebhookconfiguration.Resource,
		},
	}
}
