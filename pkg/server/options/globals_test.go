package options

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/component-base/featuregate"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// setFlags parses the global flags as for a new server, on a copy of the
// feature gate of the process.
func setFlags(t *testing.T, args ...string) (featuregate.MutableVersionedFeatureGate, error) {
	t.Helper()
	gate := features.Gate().DeepCopy()
	registry := basecompatibility.NewComponentGlobalsRegistry()
	effective := basecompatibility.NewEffectiveVersionFromString("1.37", "1.34", "1.34")
	if err := registry.Register(basecompatibility.DefaultKubeComponent, effective, gate); err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet(t.Name(), pflag.ContinueOnError)
	registry.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return gate, registry.Set()
}

// with returns the value of --feature-gates that sets gate to value, together
// with all gates that this requires: the gates on which it depends are enabled,
// and the gates that depend on it are disabled.
func with(gate featuregate.Feature, value bool, known map[featuregate.Feature]featuregate.FeatureSpec,
	deps map[featuregate.Feature][]featuregate.Feature) []string {
	set := []string{fmt.Sprintf("%s=%t", gate, value)}
	for dependent, needs := range deps {
		switch {
		case value && dependent == gate:
			for _, need := range needs {
				if !known[need].Default {
					set = append(set, with(need, true, known, deps)...)
				}
			}
		case !value && slices.Contains(needs, gate) && known[dependent].Default:
			set = append(set, with(dependent, false, known, deps)...)
		}
	}
	return set
}

func TestEveryGateCanBeSet(t *testing.T) {
	for _, emulated := range []string{"1.36", "1.37"} {
		gate, err := setFlags(t, "--emulated-version="+emulated)
		if err != nil {
			t.Fatal(err)
		}
		known, deps := gate.GetAll(), gate.Dependencies()
		if len(known) < 242 {
			t.Errorf("%s: only %d gates", emulated, len(known))
		}
		for name, spec := range known {
			t.Run(emulated+"/"+string(name), func(t *testing.T) {
				value := !spec.Default
				if spec.LockToDefault {
					_, err := setFlags(t, "--emulated-version="+emulated, fmt.Sprintf("--feature-gates=%s=%t", name, value))
					want := fmt.Sprintf("cannot set feature gate %s to %t, feature is locked to %t", name, value, !value)
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%v, want %s", err, want)
					}
					value = spec.Default
				}
				set, err := setFlags(t, "--emulated-version="+emulated, "--feature-gates="+strings.Join(with(name, value, known, deps), ","))
				if err != nil {
					t.Fatal(err)
				}
				if set.Enabled(name) != value {
					t.Errorf("is %t, want %t", !value, value)
				}
			})
		}
	}
}

type gates map[featuregate.Feature]bool

func TestFeatureGateFlag(t *testing.T) {
	for name, c := range map[string]struct {
		flags   []string
		wantErr string
		want    gates
	}{
		"default":   {nil, "", gates{features.CSIVolumeHealth: false, features.ClusterTrustBundleProjection: true}},
		"older":     {[]string{"--emulated-version=1.36"}, "", gates{features.ClusterTrustBundleProjection: false}},
		"all alpha": {[]string{"--feature-gates=AllAlpha=true"}, "", gates{features.CSIVolumeHealth: true, features.GenericWorkload: false}},
		"all beta":  {[]string{"--feature-gates=AllBeta=true"}, "", gates{features.CSIVolumeHealth: false, features.GenericWorkload: true}},
		"no beta":   {[]string{"--feature-gates=AllBeta=false"}, "", gates{features.EnvFiles: false, features.HostnameOverride: true}},
		"all, but one": {[]string{"--feature-gates=AllAlpha=true,CSIVolumeHealth=false"}, "",
			gates{features.CSIVolumeHealth: false, features.ContainerStopSignals: true}},
		"unknown": {[]string{"--feature-gates=NoSuch=true"}, "unrecognized feature gate: NoSuch", nil},
		"not yet": {[]string{"--emulated-version=1.36", "--feature-gates=EmptyDirVolumeMode=true"},
			"cannot set feature gate EmptyDirVolumeMode to true, feature is PreAlpha at emulated version 1.36", nil},
		"locked": {[]string{"--feature-gates=HostnameOverride=false"}, "cannot set feature gate HostnameOverride to false, feature is locked to true", nil},
		"lacks another": {[]string{"--feature-gates=PodLevelResources=false"},
			"InPlacePodLevelResourcesVerticalScaling is enabled, but depends on features that are disabled: [PodLevelResources]", nil},
		"no bool":        {[]string{"--feature-gates=CSIVolumeHealth=maybe"}, "invalid value of CSIVolumeHealth=maybe", nil},
		"of the client":  {[]string{"--feature-gates=WatchListClient=false"}, "", gates{"WatchListClient": false}},
		"of the logging": {[]string{"--feature-gates=LoggingAlphaOptions=true"}, "", gates{"LoggingAlphaOptions": true}},
	} {
		t.Run(name, func(t *testing.T) {
			gate, err := setFlags(t, c.flags...)
			if c.wantErr == "" && err != nil || c.wantErr != "" && (err == nil || !strings.Contains(err.Error(), c.wantErr)) {
				t.Fatalf("error %v, want %q", err, c.wantErr)
			}
			for name, want := range c.want {
				if got := gate.Enabled(name); got != want {
					t.Errorf("%s is %t, want %t", name, got, want)
				}
			}
		})
	}
}

// TestHelpListsGates checks that alpha and beta gates are listed. Other gates
// need not be, because users do not have to set them.
func TestHelpListsGates(t *testing.T) {
	sections := New().Flags()
	usage := sections.FlagSet("generic").Lookup("feature-gates").Usage
	for _, line := range []string{"kube:CSIVolumeHealth=true|false (ALPHA - default=false)", "kube:WatchListClient=true|false (BETA - default=true)"} {
		if !strings.Contains(usage, line) {
			t.Errorf("%s is not in %s", line, usage)
		}
	}
}

func TestGlobalValue(t *testing.T) {
	for _, test := range []struct {
		args             []string
		name, value, say string
	}{
		{nil, "feature-gates", "", "the default of --feature-gates"},
		{[]string{"--feature-gates=B=true", "--feature-gates=kube:A=false"}, "feature-gates", "A=false,B=true", "--feature-gates=A=false,B=true"},
		{[]string{"--emulated-version=kube=1.36"}, "emulated-version", "1.36", "--emulated-version=1.36"},
		{[]string{"--emulated-version=1.36"}, "emulated-version", "1.36", "--emulated-version=1.36"},
	} {
		flags := pflag.NewFlagSet(t.Name(), pflag.ContinueOnError)
		newComponentGlobals().AddFlags(flags)
		if err := flags.Parse(test.args); err != nil {
			t.Fatal(err)
		}
		value := globalValue(flags, test.name)
		if say := describe(test.name, value); value != test.value || say != test.say {
			t.Errorf("%v: %q, %q", test.args, value, say)
		}
	}
}
