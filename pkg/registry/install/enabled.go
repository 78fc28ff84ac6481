package install

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	serverstorage "k8s.io/apiserver/pkg/server/storage"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// ResourceConfig says what is served before --runtime-config: the stable
// versions of all groups. Beta and alpha versions have to be turned on
// (KEP-3136).
func ResourceConfig(groups []registry.Group) *serverstorage.ResourceConfig {
	config := serverstorage.NewResourceConfig()
	for _, group := range groups {
		for _, version := range group.Versions {
			if gv := group.GroupVersion(version); version.Stable() {
				config.EnableVersions(gv)
			} else {
				config.DisableVersions(gv)
			}
		}
	}
	return config
}

// Enabled are the groups as far as they are enabled.
type Enabled struct {
	Groups []registry.Group
	Config *serverstorage.ResourceConfig
}

// Serves reports whether a resource is built in and enabled.
func (e Enabled) Serves(gvr schema.GroupVersionResource) bool {
	return slices.ContainsFunc(e.Groups, func(group registry.Group) bool {
		return group.Name == gvr.Group && slices.ContainsFunc(e.resources(group, gvr.GroupVersion()), func(d registry.Definition) bool {
			return d.Info().GVR.Resource == gvr.Resource
		})
	})
}

// Missing returns the versions that --runtime-config enables and no group has,
// sorted by name: kube-apiserver does not serve them any more, or this server does
// not serve them yet.
func (e Enabled) Missing() []string {
	var missing []string
	for gv, enabled := range e.Config.ExplicitGroupVersionConfigs {
		has := slices.ContainsFunc(e.Groups, func(group registry.Group) bool {
			return slices.ContainsFunc(group.Versions, func(version registry.Version) bool { return group.GroupVersion(version) == gv })
		})
		if enabled && !has {
			missing = append(missing, gv.String())
		}
	}
	slices.Sort(missing)
	return missing
}

// Each calls a function for every group version of which something is served, in
// the order of discovery.
func (e Enabled) Each(f func(group registry.Group, version registry.Version)) {
	for _, group := range e.Groups {
		for _, version := range group.Versions {
			if len(e.resources(group, group.GroupVersion(version))) > 0 {
				f(group, version)
			}
		}
	}
}

// resources are those that a group serves in a version.
func (e Enabled) resources(group registry.Group, gv schema.GroupVersion) (served []registry.Definition) {
	for _, definition := range group.Resources {
		info := definition.Info()
		if info.Gate != "" && !features.Enabled(info.Gate) {
			continue
		}
		if gvr, ok := info.In(gv); ok && e.Config.ResourceEnabled(gvr) {
			served = append(served, definition)
		}
	}
	return served
}
