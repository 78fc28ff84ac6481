// Package apiserverinternal lists the resources of internal.apiserver.k8s.io.
package apiserverinternal

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiserverinternal/storageversion"
)

// Group returns internal.apiserver.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:      "internal.apiserver.k8s.io",
		Priority:  16000,
		Versions:  []registry.Version{{Name: "v1alpha1", Priority: 9}},
		Resources: []registry.Definition{storageversion.Resource},
	}
}
