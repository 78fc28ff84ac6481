// Package storagemigration lists the resources of storagemigration.k8s.io.
package storagemigration

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/storagemigration/storageversionmigration"
)

// Group returns storagemigration.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:      "storagemigration.k8s.io",
		Priority:  15800,
		Versions:  []registry.Version{{Name: "v1"}, {Name: "v1beta1"}},
		Resources: []registry.Definition{storageversionmigration.Resource},
	}
}
