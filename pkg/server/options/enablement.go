package options

import (
	"slices"

	extensions "k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/resourceconfig"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// GroupVersions returns the registry of all group versions that
// --runtime-config may name: those of all schemes.
func GroupVersions() resourceconfig.GroupVersionRegistry {
	return schemes{apis.Scheme, extensions.Scheme}
}

type schemes []*runtime.Scheme

// IsGroupRegistered implements resourceconfig.GroupVersionRegistry.
func (s schemes) IsGroupRegistered(group string) bool {
	return slices.ContainsFunc(s, func(scheme *runtime.Scheme) bool { return scheme.IsGroupRegistered(group) })
}

// IsVersionRegistered implements resourceconfig.GroupVersionRegistry.
func (s schemes) IsVersionRegistered(version schema.GroupVersion) bool {
	return slices.ContainsFunc(s, func(scheme *runtime.Scheme) bool { return scheme.IsVersionRegistered(version) })
}

// PrioritizedVersionsAllGroups implements resourceconfig.GroupVersionRegistry.
func (s schemes) PrioritizedVersionsAllGroups() (all []schema.GroupVersion) {
	for _, scheme := range s {
		all = append(all, scheme.PrioritizedVersionsAllGroups()...)
	}
	return all
}

// PrioritizedVersionsForGroup implements resourceconfig.GroupVersionRegistry.
func (s schemes) PrioritizedVersionsForGroup(group string) (all []schema.GroupVersion) {
	for _, scheme := range s {
		all = append(all, scheme.PrioritizedVersionsForGroup(group)...)
	}
	return all
}
