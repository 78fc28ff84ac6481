// Package networking lists the resources of networking.k8s.io.
package networking

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/networking/ingress"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/networking/ingressclass"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/networking/ipaddress"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/networking/networkpolicy"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/networking/servicecidr"
)

// Group returns networking.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:     "networking.k8s.io",
		Priority: 17200,
		Versions: []registry.Version{{Name: "v1"}, {Name: "v1beta1"}},
		Resources: []registry.Definition{
			ingressclass.Resource,
			ingress.Resource,
			ipaddress.Resource,
			networkpolicy.Resource,
			servicecidr.Resource,
		},
	}
}
