// Package coordination lists the resources of coordination.k8s.io.
package coordination

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/coordination/lease"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/coordination/leasecandidate"
)

// Group returns coordination.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:     "coordination.k8s.io",
		Priority: 16500,
		Versions: []registry.Version{{Name: "v1"}, {Name: "v1beta1", Priority: 13}, {Name: "v1alpha2", Priority: 12}},
		Resources: []registry.Definition{
			leasecandidate.Resource,
			lease.Resource,
		},
	}
}
