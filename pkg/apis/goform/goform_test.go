package goform

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestOf(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"field names, nothing omitted": {
			&corev1.SeccompProfile{LocalhostProfile: ptr.To("p.json")},
			`{"Type":"","LocalhostProfile":"p.json"}`,
		},
		"list":            {[]corev1.PodIP{{IP: "192.0.2.1"}}, `[{"IP":"192.0.2.1"}]`},
		"nil list":        {[]corev1.PodIP(nil), `null`},
		"nil pointer":     {(*corev1.Pod)(nil), `null`},
		"nothing":         {nil, `null`},
		"keys in order":   {corev1.ResourceList{"memory": resource.MustParse("1Gi"), "cpu": resource.MustParse("1500m")}, `{"cpu":"1500m","memory":"1Gi"}`},
		"types of metav1": {metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}, `{"matchLabels":{"a":"b"}}`},
		"embedded struct": {corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "n"}}, `{"Name":"n","Optional":null}`},
		"embedded metadata": {corev1.PersistentVolumeClaimTemplate{ObjectMeta: metav1.ObjectMeta{Name: "n"}},
			`{"name":"n","Spec":{"AccessModes":null,"Selector":null,"Resources":{"Limits":null,"Requests":null},"VolumeName":"","StorageClassName":null,"VolumeMode":null,"DataSource":null,"DataSourceRef":null,"VolumeAttributesClassName":null}}`},
		"new field, not set":   {corev1.KeyToPath{Key: "k"}, `{"Key":"k","Path":"","Mode":null}`},
		"new field, set":       {corev1.KeyToPath{Key: "k", User: ptr.To[int64](1)}, `{"Key":"k","Path":"","Mode":null,"User":1}`},
		"escaped as JSON does": {corev1.EnvVar{Name: "a>b"}, `{"Name":"a\u003eb","Value":"","ValueFrom":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(Of(c.value))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestPodSpec checks the structure with the most differences: in the internal
// type, the host namespaces are in the security context.
func TestPodSpec(t *testing.T) {
	raw, err := json.Marshal(Of(corev1.PodSpec{
		HostPID: true, ServiceAccountName: "a", DeprecatedServiceAccount: "a",
		SecurityContext: &corev1.PodSecurityContext{FSGroup: ptr.To[int64](7)},
	}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `"ServiceAccountName":"a","AutomountServiceAccountToken":null,"NodeName":"","SecurityContext":{"HostNetwork":false,"HostPID":true,` +
		`"HostIPC":false,"ShareProcessNamespace":null,"HostUsers":null,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,` +
		`"RunAsNonRoot":null,"SupplementalGroups":null,"SupplementalGroupsPolicy":null,"FSGroup":7,"FSGroupChangePolicy":null,"Sysctls":null,` +
		`"SeccompProfile":null,"AppArmorProfile":null,"SELinuxChangePolicy":null},"ImagePullSecrets":null`
	if !strings.Contains(string(raw), want) {
		t.Errorf("got %s\nwithout %s", raw, want)
	}
}
