// Package core lists the resources of the core API group.
package core

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/configmap"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/endpoints"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/event"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/namespace"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/node"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/pod"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/secret"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/service"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/serviceaccount"
)

// Group is the core API group.
var Group = registry.Group{Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	configmap.Resource,
	endpoints.Resource,
	event.Resource,
	namespace.Resource,
	node.Resource,
	pod.Resource,
	secret.Resource,
	service.Resource,
	serviceaccount.Resource,
}}}}
