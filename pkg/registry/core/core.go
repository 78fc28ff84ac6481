// Package core lists the resources of the core API group.
package core

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/configmap"
)

// Group is the core API group.
var Group = registry.Group{Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	configmap.Resource,
}}}}
