// Package authentication lists the resources of authentication.k8s.io.
package authentication

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication/selfsubjectreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication/tokenreview"
)

// Group returns authentication.k8s.io.
func Group(needs tokenreview.Needs) registry.Group {
	return registry.Group{
		Name:      "authentication.k8s.io",
		Priority:  17700,
		Versions:  []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{selfsubjectreview.Resource, tokenreview.New(needs)},
	}
}
