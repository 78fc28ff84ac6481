// Package node lists the resources of node.k8s.io.
package node

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/node/runtimeclass"
)

// Group returns node.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:     "node.k8s.io",
		Priority: 16300,
		Versions: []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{
			runtimeclass.Resource,
		},
	}
}
