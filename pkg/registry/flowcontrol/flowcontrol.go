// Package flowcontrol lists the resources of flowcontrol.apiserver.k8s.io, by
// which the server shares itself among its clients.
package flowcontrol

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/flowcontrol/flowschema"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/flowcontrol/prioritylevelconfiguration"
)

// Group is flowcontrol.apiserver.k8s.io.
var Group = registry.Group{Name: "flowcontrol.apiserver.k8s.io", Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	flowschema.Resource,
	prioritylevelconfiguration.Resource,
}}}}
