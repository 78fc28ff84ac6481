// Package lifecycle lists the resources of lifecycle.k8s.io.
package lifecycle

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/lifecycle/eviction"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/lifecycle/evictionrequest"
)

// Group returns lifecycle.k8s.io, which is new in 1.37. Its priority is not
// recorded: it comes last.
func Group() registry.Group {
	return registry.Group{
		Name:     "lifecycle.k8s.io",
		Priority: 15700,
		Versions: []registry.Version{{Name: "v1alpha1"}},
		Resources: []registry.Definition{
			evictionrequest.Resource,
			eviction.Resource,
		},
	}
}
