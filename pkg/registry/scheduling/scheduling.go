// Package scheduling lists the resources of scheduling.k8s.io.
package scheduling

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/compositepodgroup"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/podgroup"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/priorityclass"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/workload"
)

// Group returns scheduling.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:     "scheduling.k8s.io",
		Priority: 16600,
		Versions: []registry.Version{{Name: "v1"}, {Name: "v1beta1"}, {Name: "v1alpha3"}},
		Resources: []registry.Definition{
			priorityclass.Resource,
			workload.Resource,
			podgroup.Resource,
			compositepodgroup.Resource,
		},
	}
}
