// Package core lists the resources of the core API group.
package core

import (
	"context"
	"time"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/componentstatus"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/configmap"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/endpoints"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/event"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/limitrange"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/namespace"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/node"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/persistentvolume"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/persistentvolumeclaim"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/pod"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/podtemplate"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/replicationcontroller"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/resourcequota"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/secret"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/service"
	serviceaccounts "github.com/gatehouse-k8s/gatehouse/pkg/registry/core/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// Needs contains what the storage of the group depends on.
type Needs struct {
	// EventTTL is how long events are kept.
	EventTTL time.Duration
	// Tokens issues tokens of service accounts.
	Tokens *serviceaccount.Tokens
	// Services allocates the addresses and ports of services.
	Services *allocation.Services
	// Connect reaches kubelets and pods.
	Connect connect.Needs
	// Etcd checks the health of each etcd server.
	Etcd []func(ctx context.Context) error
}

// Group returns the core API group. It also returns the definition of its
// events, because the group events.k8s.io serves them too.
func Group(needs Needs) (group registry.Group, events registry.Definition) {
	events = event.New(needs.EventTTL)
	return registry.Group{
		Priority: 18000,
		Versions: []registry.Version{{Name: "v1", Priority: 1}},
		Resources: []registry.Definition{
			pod.Bindings,
			componentstatus.New(needs.Etcd),
			configmap.Resource,
			endpoints.Resource,
			events,
			limitrange.Resource,
			namespace.Resource,
			node.New(needs.Connect),
			persistentvolumeclaim.Resource,
			persistentvolume.Resource,
			pod.New(needs.Connect),
			podtemplate.Resource,
			replicationcontroller.Resource,
			resourcequota.Resource,
			secret.Resource,
			service.New(needs.Services, needs.Connect),
			serviceaccounts.New(needs.Tokens),
		},
	}, events
}
