// Package authorization lists the resources of authorization.k8s.io.
package authorization

import (
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/localsubjectaccessreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/selfsubjectaccessreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/selfsubjectrulesreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/subjectaccessreview"
)

// Needs contains what is necessary to answer the reviews.
type Needs struct {
	// Authorizer decides what users may do.
	Authorizer authorizer.Authorizer
	// Rules lists what all authorizers allow a user.
	Rules authorizer.RuleResolver
}

// Group returns authorization.k8s.io.
func Group(needs Needs) registry.Group {
	return registry.Group{
		Name:     "authorization.k8s.io",
		Priority: 17600,
		Versions: []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{
			localsubjectaccessreview.New(needs.Authorizer),
			selfsubjectaccessreview.New(needs.Authorizer),
			selfsubjectrulesreview.New(needs.Rules),
			subjectaccessreview.New(needs.Authorizer),
		},
	}
}
