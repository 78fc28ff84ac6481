// Package apiregistration lists the resources of apiregistration.k8s.io.
package apiregistration

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiregistration/apiservice"
)

// Group returns apiregistration.k8s.io. It has no priority, because priorities
// are those of APIServices, and no APIService exists for this group itself.
func Group() registry.Group {
	return registry.Group{
		Name:      "apiregistration.k8s.io",
		Versions:  []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{apiservice.Resource},
	}
}
