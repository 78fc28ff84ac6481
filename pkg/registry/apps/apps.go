// Package apps lists the resources of apps.
package apps

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/deployment"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/replicaset"
)

// Group returns apps.
func Group() registry.Group {
	return registry.Group{
		Name:     "apps",
		Priority: 17800,
		Versions: []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{
			deployment.Resource,
			replicaset.Resource,
		},
	}
}
