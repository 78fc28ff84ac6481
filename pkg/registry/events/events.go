// Package events lists the resources of the events.k8s.io API group.
package events

import (
	eventsv1 "k8s.io/api/events/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/event"
)

// Group is the events.k8s.io API group.
var Group = registry.Group{Name: eventsv1.GroupName, Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	event.NewResource,
}}}}
