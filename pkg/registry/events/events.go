// Package events defines the events.k8s.io API group, which has nothing but the
// events of the core group in a newer form.
package events

import "github.com/gatehouse-k8s/gatehouse/pkg/registry"

// Group returns events.k8s.io with the resource that the core group has too.
func Group(events registry.Definition) registry.Group {
	return registry.Group{
		Name:      "events.k8s.io",
		Priority:  17750,
		Versions:  []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{events},
	}
}
