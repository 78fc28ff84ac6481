// Package apps lists the resources of apps.
package apps

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/controllerrevision"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/daemonset"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/deployment"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/replicaset"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/statefulset"
)

// Group returns apps.
func Group() registry.Group {
	return registry.Group{
		Name:     "apps",
		Priority: 17800,
		Versions: []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{
			controllerrevision.Resource,
			daemonset.Resource,
			deployment.Resource,
			replicaset.Resource,
			statefulset.Resource,
		},
	}
}
