// Package discovery lists the resources of discovery.k8s.io.
package discovery

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/discovery/endpointslice"
)

// Group is discovery.k8s.io.
var Group = registry.Group{Name: "discovery.k8s.io", Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	endpointslice.Resource,
}}}}
