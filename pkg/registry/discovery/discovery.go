// Package discovery lists the resources of discovery.k8s.io.
package discovery

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/discovery/endpointslice"
)

// Group returns discovery.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:     "discovery.k8s.io",
		Priority: 16200,
		Versions: []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{
			endpointslice.Resource,
		},
	}
}
