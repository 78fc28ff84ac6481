// Package authorization lists the resources of authorization.k8s.io.
package authorization

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/localsubjectaccessreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/selfsubjectaccessreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/selfsubjectrulesreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/subjectaccessreview"
)

// Group is authorization.k8s.io.
var Group = registry.Group{Name: "authorization.k8s.io", Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	localsubjectaccessreview.Resource,
	selfsubjectaccessreview.Resource,
	selfsubjectrulesreview.Resource,
	subjectaccessreview.Resource,
}}}}
