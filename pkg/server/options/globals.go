package options

import (
	"fmt"
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
		values[name] = flagValue(o.flags.FlagSets["generic"], name)
	}
	processGlobals.Lock()
	defer processGlobals.Unlock()
	for name, value := range processGlobals.values {
		if values[name] != value {
			return fmt.Errorf("--%s=%s: a server with --%s=%s has run in this process, and all servers of a process share the value",
				name, values[name], name, value)
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

func flagValue(flags *pflag.FlagSet, name string) string {
	if flags == nil {
		return ""
	}
	if flag := flags.Lookup(name); flag != nil && flag.Changed {
		return flag.Value.String()
	}
	return ""
}
