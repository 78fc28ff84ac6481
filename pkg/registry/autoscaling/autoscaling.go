// Package autoscaling lists the resources of autoscaling.
package autoscaling

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling/horizontalpodautoscaler"
)

// Group is autoscaling.
var Group = registry.Group{Name: "autoscaling", Versions: []registry.Version{
	{Name: "v2", Resources: []registry.Definition{horizontalpodautoscaler.Resource}},
	{Name: "v1", Resources: []registry.Definition{horizontalpodautoscaler.Resource}},
}}
