package features

import (
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/component-base/featuregate"
)

// The stages of a gate, each with its usual default. The argument is the minor
// version in which the stage begins, or 0 for a stage that had begun by 1.33,
// before the oldest version that can be emulated.
func alpha(minor uint) featuregate.FeatureSpec {
	return featuregate.FeatureSpec{Version: version.MajorMinor(1, minor), PreRelease: featuregate.Alpha}
}

func beta(minor uint) featuregate.FeatureSpec {
	return featuregate.FeatureSpec{Version: version.MajorMinor(1, minor), PreRelease: featuregate.Beta, Default: true}
}

func stable(minor uint) featuregate.FeatureSpec {
	return featuregate.FeatureSpec{Version: version.MajorMinor(1, minor), PreRelease: featuregate.GA, Default: true}
}

func deprecated(minor uint) featuregate.FeatureSpec {
	return featuregate.FeatureSpec{Version: version.MajorMinor(1, minor), PreRelease: featuregate.Deprecated, Default: true}
}

// off is a stage in which a gate is off by default that usually is on.
func off(spec featuregate.FeatureSpec) featuregate.FeatureSpec {
	spec.Default = false
	return spec
}

// locked is a stage in which nobody can change the default.
func locked(spec featuregate.FeatureSpec) featuregate.FeatureSpec {
	spec.LockToDefault = true
	return spec
}
