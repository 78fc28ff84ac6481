package options

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	extensions "k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/resourceconfig"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/component-base/cli/flag"
	aggregatorscheme "k8s.io/kube-aggregator/pkg/apiserver/scheme"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// GroupVersions returns the registry of all group versions that
// --runtime-config may name: those that are served, and those that kube-apiserver
// knows, although they are not served any more or not by this server.
func GroupVersions() resourceconfig.GroupVersionRegistry {
	return schemes{apis.Scheme, extensions.Scheme, aggregatorscheme.Scheme, scheme.Scheme}
}

// core is the key of the core group in --runtime-config, as the library reads it.
const core = "/v1"

// completeRuntimeConfig replaces the names that the core group has in
// --runtime-config: v1 and api/v1, also with a resource. It removes api/legacy,
// which has no meaning any more. If two names of the same API have different
// values, it returns an error; kube-apiserver takes one of them at random.
func completeRuntimeConfig(config flag.ConfigurationMap) error {
	delete(config, "api/legacy")
	for _, key := range slices.Sorted(maps.Keys(config)) {
		name := strings.TrimPrefix(key, "api/")
		if name != "v1" && !strings.HasPrefix(name, "v1/") {
			continue
		}
		value, library := config[key], "/"+name
		if other, both := config[library]; both && other != value {
			return fmt.Errorf("--runtime-config: %s is named twice, with the values %q and %q", key, value, other)
		}
		delete(config, key)
		config[library] = value
	}
	return nil
}

// validateRuntimeConfig refuses what the server cannot run without.
func (c Completed) validateRuntimeConfig() (errs []error) {
	config := c.APIEnablement.RuntimeConfig
	for _, err := range c.APIEnablement.Validate(GroupVersions()) {
		errs = append(errs, fmt.Errorf("--runtime-config: %w", err))
	}
	if c.Features.EnablePriorityAndFairness {
		for _, key := range []string{resourceconfig.APIAll, resourceconfig.APIGA, flowcontrolv1.SchemeGroupVersion.String()} {
			if isFalse(config, key) {
				errs = append(errs, fmt.Errorf("--runtime-config=%s=false conflicts with --enable-priority-and-fairness=true", key))
			}
		}
	}
	_, chosen := config[core]
	off := !chosen && (isFalse(config, resourceconfig.APIAll) || isFalse(config, resourceconfig.APIGA))
	if off || isFalse(config, core) || isFalse(config, core+"/namespaces") {
		errs = append(errs, fmt.Errorf("--runtime-config: the server cannot run without v1, the core API, and its namespaces"))
	}
	return errs
}

func isFalse(config flag.ConfigurationMap, key string) bool {
	enabled, err := strconv.ParseBool(config[key])
	return err == nil && !enabled
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
