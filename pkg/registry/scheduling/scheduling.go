// Package scheduling lists the resources of scheduling.k8s.io.
package scheduling

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/priorityclass"
)

// Group is scheduling.k8s.io.
var Group = registry.Group{Name: "scheduling.k8s.io", Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	priorityclass.Resource,
}}}}
