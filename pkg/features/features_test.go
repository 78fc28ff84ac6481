package features

import (
	_ "embed"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/version"
	genericfeatures "k8s.io/apiserver/pkg/features"
	"k8s.io/component-base/featuregate"
	featuregatetesting "k8s.io/component-base/featuregate/testing"
)

// recorded are the gates of kube-apiserver v1.36 with their stages and defaults.
//
//go:embed testdata/kube-apiserver-1.36.tsv
var recorded string

// deviations are the gates that differ from the recorded ones at 1.36.
var deviations = map[featuregate.Feature]string{
	"KubeProxyIPVS": "1.37 adds it as deprecated, and a deprecated gate needs a stage before, which every older version then has",
}

// at returns a copy of the feature gate at an emulated version.
func at(t *testing.T, minor uint) featuregate.MutableVersionedFeatureGate {
	t.Helper()
	gate := Gate().DeepCopy()
	if err := gate.SetEmulationVersion(version.MajorMinor(1, minor)); err != nil {
		t.Fatal(err)
	}
	return gate
}

func TestRecorded(t *testing.T) {
	known := at(t, 36).GetAll()
	for name := range deviations {
		delete(known, name)
	}
	lines := strings.Split(strings.TrimSpace(recorded), "\n")[1:]
	if len(lines) != 242 {
		t.Errorf("%d lines are recorded", len(lines))
	}
	for _, line := range lines {
		row := strings.Split(line, "\t")
		name := featuregate.Feature(row[0])
		spec, ok := known[name]
		if !ok {
			t.Errorf("%s: not known", name)
			continue
		}
		delete(known, name)
		stage := string(spec.PreRelease)
		if spec.PreRelease == featuregate.GA {
			stage = "GA"
		}
		if enabled := strconv.FormatBool(spec.Default); stage != row[1] || (enabled == "true") != (row[2] == "1") {
			t.Errorf("%s: %s, by default %s; recorded are %s, %s", name, stage, enabled, row[1], row[2])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		t.Errorf("%s: not recorded", name)
	}
}

func TestLifecycles(t *testing.T) {
	off, on, unknown := "off", "on", "unknown"
	for gate, want := range map[featuregate.Feature][4]string{ // at 1.34, 1.35, 1.36 and 1.37
		ContainerRestartRules:                     {off, on, on, on},
		ClusterTrustBundleProjection:              {off, off, off, on},
		PodCertificateRequest:                     {off, off, off, on},
		EmptyDirVolumeMode:                        {unknown, unknown, unknown, off},
		ResourceHealthStatus:                      {off, off, on, on},
		ResourceHealthStatusMessage:               {unknown, unknown, on, on},
		"HPAScaleToZero":                          {off, off, off, on},
		"KMSv1":                                   {off, off, off, off},
		"WatchListClient":                         {off, on, on, on},
		genericfeatures.EtcdRangeStream:           {unknown, unknown, unknown, on},
		genericfeatures.CoordinatedLeaderElection: {off, off, off, off},
	} {
		t.Run(string(gate), func(t *testing.T) {
			for i, minor := range []uint{34, 35, 36, 37} {
				got := unknown
				if spec, ok := at(t, minor).GetAll()[gate]; ok {
					got = map[bool]string{false: off, true: on}[spec.Default]
				}
				if got != want[i] {
					t.Errorf("1.%d: %s, want %s", minor, got, want[i])
				}
			}
		})
	}
}

func TestRegister(t *testing.T) {
	gate := featuregate.NewVersionedFeatureGate(version.MajorMinor(1, 37))
	if err := gate.AddVersioned(map[featuregate.Feature]featuregate.VersionedSpecs{CSIVolumeHealth: {beta(30)}}); err != nil {
		t.Fatal(err)
	}
	if err := Register(gate); err == nil || !strings.Contains(err.Error(), `"CSIVolumeHealth" with different spec already exists`) {
		t.Errorf("a gate of another lifecycle: %v", err)
	}
	if err := Register(Gate().DeepCopy()); err != nil {
		t.Errorf("the same gates again: %v", err)
	}
}

func TestEmulates(t *testing.T) {
	if !Emulates(version.MajorMinor(1, 36)) || Emulates(version.MajorMinor(1, 99)) {
		t.Errorf("emulates %s", Gate().EmulationVersion())
	}
}

func TestDrop(t *testing.T) {
	table := []Gated[string]{{Gate: CSIVolumeHealth, Field: func(s *string, clear bool) (used bool) {
		used = *s != ""
		if clear {
			*s = ""
		}
		return used
	}}}
	set := func(s string) *string { return &s }
	for name, c := range map[string]struct {
		on        bool
		obj, old  *string
		wantValue string
	}{
		"off, new object":       {obj: set("new"), wantValue: ""},
		"off, not used before":  {obj: set("new"), old: set(""), wantValue: ""},
		"off, used before":      {obj: set("new"), old: set("old"), wantValue: "new"},
		"on, new object":        {on: true, obj: set("new"), wantValue: "new"},
		"on, not used before":   {on: true, obj: set("new"), old: set(""), wantValue: "new"},
		"off, nothing to clear": {obj: set(""), wantValue: ""},
	} {
		t.Run(name, func(t *testing.T) {
			featuregatetesting.SetFeatureGateDuringTest(t, Gate(), CSIVolumeHealth, c.on)
			if Drop(c.obj, c.old, table); *c.obj != c.wantValue {
				t.Errorf("got %q, want %q", *c.obj, c.wantValue)
			}
		})
	}
}

func BenchmarkRegister(b *testing.B) {
	for b.Loop() {
		if err := Register(featuregate.NewVersionedFeatureGate(version.MajorMinor(1, 37))); err == nil {
			b.Fatal("the dependencies of the library's gates are known")
		}
	}
}

func BenchmarkEnabled(b *testing.B) {
	for b.Loop() {
		Enabled(CSIVolumeHealth)
	}
}
