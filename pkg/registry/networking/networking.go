// Package networking lists the resources of networking.k8s.io.
package networking

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/networking/ipaddress"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/networking/servicecidr"
)

// Group is networking.k8s.io.
var Group = registry.Group{Name: "networking.k8s.io", Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	ipaddress.Resource,
	servicecidr.Resource,
}}}}
