// Package batch lists the resources of batch.
package batch

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/batch/cronjob"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/batch/job"
)

// Group returns batch.
func Group() registry.Group {
	return registry.Group{
		Name:     "batch",
		Priority: 17400,
		Versions: []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{
			cronjob.Resource,
			job.Resource,
		},
	}
}
