// Package apps lists the resources of apps.
package apps

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/deployment"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/replicaset"
)

// Group is apps.
var Group = registry.Group{Name: "apps", Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	deployment.Resource,
	replicaset.Resource,
}}}}
