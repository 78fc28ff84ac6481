// Package apiregistration lists the resources of apiregistration.k8s.io.
package apiregistration

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiregistration/apiservice"
)

// Group is apiregistration.k8s.io.
var Group = registry.Group{Name: "apiregistration.k8s.io", Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	apiservice.Resource,
}}}}
