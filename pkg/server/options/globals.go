package options

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/pflag"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	utilcompatibility "k8s.io/apiserver/pkg/util/compatibility"
	basecompatibility "k8s.io/component-base/compatibility"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// globalFlags are the flags whose values the libraries keep once per process,
// in the default feature gate.
var globalFlags = []string{"emulated-version", "min-compatibility-version", "feature-gates"}

// processGlobals contains the values of globalFlags that the first server of
// the process has set. It is shared by all servers, because the default feature
// gate is.
var processGlobals struct {
	sync.Mutex
	values map[string]string
}

// newComponentGlobals returns a registry of the emulated version for one
// server. The registry uses the feature gate of the process, to which it adds
// all known features.
func newComponentGlobals() basecompatibility.ComponentGlobalsRegistry {
	registry := basecompatibility.NewComponentGlobalsRegistry()
	utilruntime.Must(registry.Register(basecompatibility.DefaultKubeComponent,
		utilcompatibility.DefaultBuildEffectiveVersion(), features.Gate()))
	return registry
}

// setComponentGlobals applies the global flags. It returns an error if an
// earlier server in this process was started with other values.
func (o *Options) setComponentGlobals() error {
	values := map[string]string{}
	for _, name := range globalFlags {
		values[name] = globalValue(o.flags.FlagSets["generic"], name)
	}
	processGlobals.Lock()
	defer processGlobals.Unlock()
	for name, value := range processGlobals.values {
		if values[name] != value {
			return fmt.Errorf("%s cannot be had in this process: %s is in force, because the first server of the process was started so, and all servers of "+
				"a process share the value", describe(name, values[name]), describe(name, value))
		}
	}
	if err := o.Generic.ComponentGlobalsRegistry.Set(); err != nil {
		return fmt.Errorf("--emulated-version, --min-compatibility-version or --feature-gates: %w", err)
	}
	if processGlobals.values == nil {
		processGlobals.values = values
		mirrorEffectiveVersion(o.Generic.ComponentGlobalsRegistry)
		features.Gate().AddMetrics()
		o.Generic.ComponentGlobalsRegistry.AddMetrics()
	}
	return nil
}

// mirrorEffectiveVersion copies the emulated version to the default registry of
// the libraries, which CEL environments read.
func mirrorEffectiveVersion(registry basecompatibility.ComponentGlobalsRegistry) {
	version := registry.EffectiveVersionFor(basecompatibility.DefaultKubeComponent)
	inProcess := utilcompatibility.DefaultComponentGlobalsRegistry.EffectiveVersionFor(basecompatibility.DefaultKubeComponent)
	process, ok := inProcess.(basecompatibility.MutableEffectiveVersion)
	if ok {
		process.SetEmulationVersion(version.EmulationVersion())
		process.SetMinCompatibilityVersion(version.MinCompatibilityVersion())
	}
}

// globalValue returns the value of a flag as a user would write it, in a form in
// which equal values are equal texts. It is empty if the flag is not given.
func globalValue(flags *pflag.FlagSet, name string) string {
	if flags == nil {
		return ""
	}
	flag := flags.Lookup(name)
	if flag == nil || !flag.Changed {
		return ""
	}
	// The flags print their parts in brackets or with the component to which they
	// belong, which is always this one.
	values := strings.Split(strings.Trim(flag.Value.String(), "[]"), ",")
	for i, value := range values {
		for _, component := range []string{":", "kube:", "kube="} {
			value = strings.TrimPrefix(value, component)
		}
		values[i] = value
	}
	slices.Sort(values)
	return strings.Join(values, ",")
}

// describe returns a flag with its value in words.
func describe(name, value string) string {
	if value == "" {
		return "the default of --" + name
	}
	return "--" + name + "=" + value
}
