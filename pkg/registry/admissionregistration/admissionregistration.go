// Package admissionregistration lists the resources of
// admissionregistration.k8s.io.
package admissionregistration

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/mutatingwebhookconfiguration"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/validatingwebhookconfiguration"
)

// Group returns admissionregistration.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:     "admissionregistration.k8s.io",
		Priority: 16700,
		Versions: []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{
			mutatingwebhookconfiguration.Resource,
			validatingwebhookconfiguration.Resource,
		},
	}
}
