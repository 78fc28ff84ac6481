// Package autoscaling lists the resources of autoscaling.
package autoscaling

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling/horizontalpodautoscaler"
)

// Group returns autoscaling.
func Group() registry.Group {
	return registry.Group{
		Name:      "autoscaling",
		Priority:  17500,
		Versions:  []registry.Version{{Name: "v2", Priority: 30}, {Name: "v1"}},
		Resources: []registry.Definition{horizontalpodautoscaler.Resource},
	}
}
