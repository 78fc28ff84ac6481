package options

import (
	"fmt"
	"sync"

	utilcompatibility "k8s.io/apiserver/pkg/util/compatibility"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/component-base/featuregate"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

const component = basecompatibility.DefaultKubeComponent

// newComponentGlobals returns a registry of the emulated version and the
// feature gates for one server, so that its flags can be parsed before they
// are compared with those of the process.
func newComponentGlobals() basecompatibility.ComponentGlobalsRegistry {
	registry := basecompatibility.NewComponentGlobalsRegistry()
	utilruntime.Must(registry.Register(component, utilcompatibility.DefaultBuildEffectiveVersion(), utilfeature.DefaultMutableFeatureGate.DeepCopyAndReset()))
	return registry
}

// processGlobals guards what the libraries keep once per process: the default
// feature gate with its emulated version. The first server sets it.
var processGlobals struct {
	sync.Mutex
	set bool
}

// setComponentGlobals applies --emulated-version, --min-compatibility-version
// and --feature-gates. Servers in one process share them: another that asks for
// other values gets an error.
func (o *Options) setComponentGlobals() error {
	if err := o.Generic.ComponentGlobalsRegistry.Set(); err != nil {
		return fmt.Errorf("--emulated-version, --min-compatibility-version or --feature-gates: %w", err)
	}
	version := o.Generic.ComponentGlobalsRegistry.EffectiveVersionFor(component)
	gates := o.Generic.ComponentGlobalsRegistry.FeatureGateFor(component).(featuregate.MutableVersionedFeatureGate)

	processGlobals.Lock()
	defer processGlobals.Unlock()
	process := utilfeature.DefaultMutableFeatureGate
	if !processGlobals.set {
		if err := process.SetEmulationVersionAndMinCompatibilityVersion(version.EmulationVersion(), version.MinCompatibilityVersion()); err != nil {
			return fmt.Errorf("--emulated-version: %w", err)
		}
		if err := process.SetFromMap(differences(gates, process)); err != nil {
			return fmt.Errorf("--feature-gates: %w", err)
		}
		if err := utilcompatibility.DefaultComponentGlobalsRegistry.Set(); err != nil {
			return err
		}
		processGlobals.set = true
	}
	for gate := range differences(gates, process) {
		return fmt.Errorf("--feature-gates or --emulated-version: another server in this process runs with %s=%t; they are shared by all servers of a process",
			gate, process.Enabled(featuregate.Feature(gate)))
	}
	return nil
}

// differences returns the gates whose value in want is not that in have.
func differences(want, have featuregate.FeatureGate) map[string]bool {
	out := map[string]bool{}
	for feature := range want.(featuregate.MutableVersionedFeatureGate).GetAllVersioned() {
		if feature == "AllAlpha" || feature == "AllBeta" {
			continue
		}
		if enabled := want.Enabled(feature); enabled != have.Enabled(feature) {
			out[string(feature)] = enabled
		}
	}
	return out
}
