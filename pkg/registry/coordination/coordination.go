// Package coordination lists the resources of coordination.k8s.io.
package coordination

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/coordination/lease"
)

// Group is coordination.k8s.io.
var Group = registry.Group{Name: "coordination.k8s.io", Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	lease.Resource,
}}}}
