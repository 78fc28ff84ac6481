// Package scheduling lists the resources of scheduling.k8s.io.
package scheduling

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/priorityclass"
)

// Group returns scheduling.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:     "scheduling.k8s.io",
		Priority: 16600,
		Versions: []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{
			priorityclass.Resource,
		},
	}
}
