package install

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
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
	config *serverstorage.ResourceConfig
	served map[schema.GroupVersionResource]bool
}

// NewEnabled returns what is served of the groups: the resources whose version is
// enabled, whose gate is on, and which there are at the emulated version. The
// error says that --runtime-config enables what the emulated version does not have
// yet (KEP-4330); what it does not have any more is not served.
func NewEnabled(groups []registry.Group, config *serverstorage.ResourceConfig, lifecycle genericapiserver.ResourceExpirationEvaluator) (Enabled, error) {
	enabled := Enabled{groups, config, map[schema.GroupVersionResource]bool{}}
	for _, group := range groups {
		candidates := map[string]map[string]rest.Storage{}
		for _, version := range group.Versions {
			candidates[version.Name] = candidatesOf(group, group.GroupVersion(version), config)
		}
		scheme := typesOf(group).Scheme
		if err := lifecycle.RemoveUnavailableKinds(group.Name, scheme, candidates, config); err != nil {
			return enabled, err
		}
		for version, resources := range candidates {
			for resource := range resources {
				enabled.served[schema.GroupVersionResource{Group: group.Name, Version: version, Resource: resource}] = true
			}
		}
	}
	return enabled, nil
}

// candidatesOf are the resources of a version that are enabled, by name.
func candidatesOf(group registry.Group, gv schema.GroupVersion, config *serverstorage.ResourceConfig) map[string]rest.Storage {
	resources := map[string]rest.Storage{}
	for _, definition := range group.Resources {
		info := definition.Info()
		gvr, has := info.In(gv)
		if has && config.ResourceEnabled(gvr) && (info.Gate == "" || features.Enabled(info.Gate)) {
			resources[gvr.Resource] = candidate{info.New}
		}
	}
	return resources
}

// candidate stands for the storage of a resource before it is made. The lifecycle
// of a resource is that of the type of its objects.
type candidate struct{ new func() runtime.Object }

// New implements rest.Storage.
func (c candidate) New() runtime.Object { return c.new() }

// Destroy implements rest.Storage.
func (candidate) Destroy() {}

// Serves reports whether a resource is built in and enabled.
func (e Enabled) Serves(gvr schema.GroupVersionResource) bool { return e.served[gvr] }

// Missing returns the versions that --runtime-config enables and of which nothing
// is served, sorted by name: kube-apiserver does not serve them any more either, or
// their gates are off, or this server does not have them yet.
func (e Enabled) Missing() []string {
	found := map[schema.GroupVersion]bool{}
	for gvr := range e.served {
		found[gvr.GroupVersion()] = true
	}
	var missing []string
	for gv, enabled := range e.config.ExplicitGroupVersionConfigs {
		if enabled && !found[gv] {
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

// resources are those of a group that are served in a version.
func (e Enabled) resources(group registry.Group, gv schema.GroupVersion) (served []registry.Definition) {
	for _, definition := range group.Resources {
		if e.served[gv.WithResource(definition.Info().GVR.Resource)] {
			served = append(served, definition)
		}
	}
	return served
}
