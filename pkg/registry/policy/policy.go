// Package policy lists the resources of the group policy.
package policy

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/policy/poddisruptionbudget"
)

// Group returns the group policy.
func Group() registry.Group {
	return registry.Group{
		Name:      "policy",
		Priority:  17100,
		Versions:  []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{poddisruptionbudget.Resource},
	}
}
