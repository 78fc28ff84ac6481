// Package events defines the API group events.k8s.io. Its only resource are the
// events of the core group, in a newer form.
package events

import "github.com/gatehouse-k8s/gatehouse/pkg/registry"

// Group returns events.k8s.io. The resource is the same as in the core group.
func Group(events registry.Definition) registry.Group {
	return registry.Group{
		Name:      "events.k8s.io",
		Priority:  17750,
		Versions:  []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{events},
	}
}
