package features

import (
	"fmt"

	clientfeatures "k8s.io/client-go/features"
	"k8s.io/component-base/featuregate"
)

// clientGates keeps the gates of client-go, which has types of its own for
// them, in the server's feature gate. Without it they were set by environment
// variables.
type clientGates struct {
	featuregate.MutableVersionedFeatureGate
}

// Enabled implements clientfeatures.Gates.
func (g clientGates) Enabled(gate clientfeatures.Feature) bool {
	return g.MutableVersionedFeatureGate.Enabled(featuregate.Feature(gate))
}

// AddVersioned implements clientfeatures.VersionedRegistry.
func (g clientGates) AddVersioned(in map[clientfeatures.Feature]clientfeatures.VersionedSpecs) error {
	out := make(map[featuregate.Feature]featuregate.VersionedSpecs, len(in))
	for gate, specs := range in {
		converted := make(featuregate.VersionedSpecs, 0, len(specs))
		for _, spec := range specs {
			c := featuregate.FeatureSpec{Default: spec.Default, LockToDefault: spec.LockToDefault, Version: spec.Version}
			switch spec.PreRelease {
			case clientfeatures.Alpha:
				c.PreRelease = featuregate.Alpha
			case clientfeatures.Beta:
				c.PreRelease = featuregate.Beta
			case clientfeatures.GA:
				c.PreRelease = featuregate.GA
			case clientfeatures.Deprecated:
				c.PreRelease = featuregate.Deprecated
			default:
				return fmt.Errorf("%s has the unknown stage %q", gate, spec.PreRelease)
			}
			converted = append(converted, c)
		}
		out[featuregate.Feature(gate)] = converted
	}
	return g.MutableVersionedFeatureGate.AddVersioned(out)
}
