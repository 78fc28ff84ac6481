// Package resource lists the resources of resource.k8s.io, which are for dynamic
// resource allocation: devices, and claims for them.
package resource

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/deviceclass"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/devicetaintrule"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/resourceclaim"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/resourceclaimtemplate"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/resourcepoolstatusrequest"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/resourceslice"
)

// Group returns resource.k8s.io.
func Group(needs resourceclaim.Needs) registry.Group {
	return registry.Group{
		Name:     "resource.k8s.io",
		Priority: 16200,
		Versions: []registry.Version{
			{Name: "v1", Priority: 21}, {Name: "v1beta2", Priority: 15}, {Name: "v1beta1", Priority: 9}, {Name: "v1alpha3", Priority: 1},
		},
		Resources: []registry.Definition{
			deviceclass.Resource,
			devicetaintrule.Resource,
			resourceclaim.New(needs),
			resourceclaimtemplate.New(),
			resourcepoolstatusrequest.Resource,
			resourceslice.Resource,
		},
	}
}
