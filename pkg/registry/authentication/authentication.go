// Package authentication lists the resources of authentication.k8s.io.
package authentication

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication/selfsubjectreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication/tokenreview"
)

// Group is authentication.k8s.io.
var Group = registry.Group{Name: "authentication.k8s.io", Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	selfsubjectreview.Resource,
	tokenreview.Resource,
}}}}
