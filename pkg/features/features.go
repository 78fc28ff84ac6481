package features

import (
	"fmt"
	"sync"

	_ "k8s.io/apiextensions-apiserver/pkg/features" // has gates of its own
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	_ "k8s.io/apiserver/pkg/features" // has gates of its own
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	clientfeatures "k8s.io/client-go/features"
	"k8s.io/component-base/featuregate"
	logsapi "k8s.io/component-base/logs/api/v1"
	metricsfeatures "k8s.io/component-base/metrics/features"
)

// Gate returns the feature gate of the process with every gate registered. The
// emulated version and the values are set by the first server of the process:
// see the package options.
func Gate() featuregate.MutableVersionedFeatureGate { return processGate() }

var processGate = sync.OnceValue(func() featuregate.MutableVersionedFeatureGate {
	gate := utilfeature.DefaultMutableFeatureGate
	utilruntime.Must(Register(gate))
	clientfeatures.ReplaceFeatureGates(clientGates{gate})
	return gate
})

// Enabled reports whether a gate is on: by --feature-gates, or else by default
// at the version that --emulated-version names. It panics where nobody has
// registered the gate. It costs some map lookups: ask where the answer is
// needed, and do not keep it.
func Enabled(gate featuregate.Feature) bool { return processGate().Enabled(gate) }

// Emulates reports whether the server behaves like the given version or a
// later one. It is for changes of the API that have no gate.
func Emulates(since *version.Version) bool { return processGate().EmulationVersion().AtLeast(since) }

// Register adds every gate that is not the library's own to a feature gate, and
// what the gates depend on. It fails where the library has another lifecycle
// for a gate.
func Register(gate featuregate.MutableVersionedFeatureGate) error {
	if err := gate.AddVersioned(specs()); err != nil {
		return fmt.Errorf("feature gates: %w", err)
	}
	if err := logsapi.AddFeatureGates(gate); err != nil {
		return fmt.Errorf("feature gates of the logs: %w", err)
	}
	if err := metricsfeatures.AddFeatureGates(gate); err != nil {
		return fmt.Errorf("feature gates of the metrics: %w", err)
	}
	if err := clientfeatures.AddVersionedFeaturesToExistingFeatureGates(clientGates{gate}); err != nil {
		return fmt.Errorf("feature gates of the client: %w", err)
	}
	if err := gate.AddDependencies(dependencies()); err != nil {
		return fmt.Errorf("dependencies of feature gates: %w", err)
	}
	return nil
}
