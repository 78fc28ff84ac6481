// Package storage lists the resources of storage.k8s.io.
package storage

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/storage/csidriver"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/storage/csinode"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/storage/csistoragecapacity"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/storage/storageclass"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/storage/volumeattachment"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/storage/volumeattributesclass"
)

// Group returns storage.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:     "storage.k8s.io",
		Priority: 16800,
		Versions: []registry.Version{{Name: "v1"}, {Name: "v1beta1"}},
		Resources: []registry.Definition{
			csidriver.Resource,
			csinode.Resource,
			csistoragecapacity.Resource,
			storageclass.Resource,
			volumeattachment.Resource,
			volumeattributesclass.Resource,
		},
	}
}
