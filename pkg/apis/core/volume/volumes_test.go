package volume

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	featuregatetesting "k8s.io/component-base/featuregate/testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

var root = field.NewPath("v")

// expect checks that there are as many errors as wanted, and that their texts
// start with those wanted.
func expect(t *testing.T, errs field.ErrorList, want ...string) {
	t.Helper()
	for i, err := range errs {
		if i >= len(want) {
			t.Errorf("unexpected error: %v", err)
		} else if !strings.HasPrefix(err.Error(), want[i]) {
			t.Errorf("error %d:\n got %s\nwant %s", i, err, want[i])
		}
	}
	for _, w := range want[min(len(errs), len(want)):] {
		t.Errorf("no error, want %s", w)
	}
}

// volumeFrom returns a volume with the name v and the given source in JSON.
func volumeFrom(t *testing.T, source string) corev1.Volume {
	t.Helper()
	v := corev1.Volume{Name: "v"}
	if err := json.Unmarshal([]byte(source), &v.VolumeSource); err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return v
}

func TestNoSource(t *testing.T) {
	_, errs := ValidateVolumes([]corev1.Volume{volumeFrom(t, `{}`)}, &metav1.ObjectMeta{Name: "p"}, Options{}, root)
	expect(t, errs, "v[0]: Required value: must specify a volume type")
}

func TestNames(t *testing.T) {
	empty := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	byName, errs := ValidateVolumes([]corev1.Volume{
		{Name: "a", VolumeSource: empty}, {Name: "a", VolumeSource: empty}, {VolumeSource: empty}, {Name: "A", VolumeSource: empty},
	}, nil, Options{}, root)
	expect(t, errs, `v[1].name: Duplicate value: "a"`, "v[2].name: Required value", `v[3].name: Invalid value: "A": a lowercase RFC 1123 label`)
	if len(byName) != 1 {
		t.Errorf("valid volumes: %v", byName)
	}

	claim := volumeFrom(t, `{"ephemeral":{"volumeClaimTemplate":{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}}}`)
	_, errs = ValidateVolumes([]corev1.Volume{claim}, &metav1.ObjectMeta{Name: strings.Repeat("p", 253)}, Options{}, root)
	expect(t, errs, `v[0].name: Invalid value: "v": PVC name "ppp`)
}

func TestTemplate(t *testing.T) {
	_, errs := ValidateVolumes([]corev1.Volume{volumeFrom(t, `{"image":{"pullPolicy":"Always"}}`)}, nil, Options{}, root)
	expect(t, errs)
}

func TestServiceAccountToken(t *testing.T) {
	token := []corev1.Volume{volumeFrom(t, `{"projected":{"sources":[{"serviceAccountToken":{"path":"../t"}}]}}`)}
	_, errs := ValidateVolumes(token, nil, OptionsFor(token), root)
	expect(t, errs)
	expect(t, ForbidServiceAccountTokens(token, root),
		"v[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set")
}

func TestDropDisabledFields(t *testing.T) {
	const source = `{"emptyDir":{"mode":511},"secret":{"secretName":"s","defaultUser":1,"items":[{"key":"k","path":"p","user":2}]},
		"projected":{"sources":[{"clusterTrustBundle":{"name":"b","path":"p"}},{"podCertificate":{"signerName":"a/b","keyType":"ED25519"}}]}}`
	fresh := func() []corev1.Volume { return []corev1.Volume{volumeFrom(t, source)} }
	encode := func(v []corev1.Volume) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	all := encode(fresh())
	set := func(t *testing.T, on bool) {
		overrides := featuregatetesting.FeatureOverrides{}
		for _, g := range gatedFields {
			overrides[g.Gate] = on
		}
		featuregatetesting.SetFeatureGatesDuringTest(t, features.Gate(), overrides)
	}

	dropped := fresh()
	set(t, false)
	DropDisabledFields(dropped, nil)
	for _, word := range []string{"mode", "ser\":", "clusterTrustBundle", "podCertificate"} {
		if strings.Contains(encode(dropped), word) {
			t.Errorf("%s is left: %s", word, encode(dropped))
		}
	}
	t.Run("on", func(t *testing.T) {
		set(t, true)
		kept := fresh()
		DropDisabledFields(kept, nil)
		if encode(kept) != all {
			t.Errorf("got %s", encode(kept))
		}
	})
	updated := fresh()
	DropDisabledFields(updated, fresh())
	if encode(updated) != all {
		t.Errorf("where the old object has them: %s", encode(updated))
	}
}
