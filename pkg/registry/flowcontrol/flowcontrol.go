// Package flowcontrol lists the resources of flowcontrol.apiserver.k8s.io,
// which configure API Priority and Fairness: how the server divides its
// capacity among requests.
package flowcontrol

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/flowcontrol/flowschema"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/flowcontrol/prioritylevelconfiguration"
)

// Group returns flowcontrol.apiserver.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:     "flowcontrol.apiserver.k8s.io",
		Priority: 16100,
		Versions: []registry.Version{{Name: "v1", Priority: 21}},
		Resources: []registry.Definition{
			flowschema.Resource,
			prioritylevelconfiguration.Resource,
		},
	}
}
