package node

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestPodLinks(t *testing.T) {
	ref := func(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p"}, Spec: corev1.PodSpec{
		NodeName: "a", ServiceAccountName: "account", ImagePullSecrets: []corev1.LocalObjectReference{ref("pull"), ref("")},
		InitContainers: []corev1.Container{{EnvFrom: []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: ref("init")}}}}},
		Containers: []corev1.Container{{Env: []corev1.EnvVar{
			{Name: "plain", Value: "v"},
			{ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: ref("env")}}},
			{ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: ref("env")}}},
			{ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: ref("envmap")}}},
		}}},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			EnvFrom: []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: ref("debug")}}}}}},
		Volumes: []corev1.Volume{
			{Name: "v1", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "volume"}}},
			{Name: "v2", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: ref("volume")}}},
			{Name: "v3", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{Secret: &corev1.SecretProjection{LocalObjectReference: ref("projected")}},
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: ref("projected")}}}}}},
			{Name: "v4", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "claim"}}},
			{Name: "v5", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}},
			{Name: "v6", VolumeSource: corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{NodePublishSecretRef: ptr.To(ref("csi"))}}},
			{Name: "v7", VolumeSource: corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{}}},
			{Name: "v8", VolumeSource: corev1.VolumeSource{AzureFile: &corev1.AzureFileVolumeSource{SecretName: "azure"}}},
		},
		ResourceClaims: []corev1.PodResourceClaim{{Name: "x", ResourceClaimName: ptr.To("given")}, {Name: "y", ResourceClaimTemplateName: ptr.To("template")}},
	}, Status: corev1.PodStatus{
		ResourceClaimStatuses:       []corev1.PodResourceClaimStatus{{Name: "y", ResourceClaimName: ptr.To("made")}},
		ExtendedResourceClaimStatus: &corev1.PodExtendedResourceClaimStatus{ResourceClaimName: "extended"},
	}}
	var want []object
	for _, names := range []struct {
		kind  kind
		names []string
	}{
		{secret, []string{"azure", "csi", "env", "init", "projected", "pull", "volume"}}, {configMap, []string{"debug", "envmap", "projected", "volume"}},
		{serviceAccount, []string{"account"}}, {volumeClaim, []string{"claim", "p-v5"}}, {resourceClaim, []string{"extended", "given", "made"}},
	} {
		for _, name := range names.names {
			want = append(want, object{names.kind, "ns", name})
		}
	}
	if got := podLinks(p); got.node != "a" || !slices.Equal(got.below, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	p.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
	if got := podLinks(p); got.node != "a" || len(got.below) != 0 {
		t.Errorf("a mirror pod links %v", got)
	}
	p.Spec.NodeName = ""
	if got := podLinks(p); got != nil {
		t.Errorf("a pod without a node links %v", got)
	}
}

func TestVolumeLinks(t *testing.T) {
	claim := &corev1.ObjectReference{Namespace: "ns", Name: "claim"}
	for _, test := range []struct {
		name  string
		claim *corev1.ObjectReference
		from  corev1.PersistentVolumeSource
		want  []object
	}{
		{"CSI", claim, corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{
			NodeStageSecretRef: &corev1.SecretReference{Namespace: "x", Name: "stage"}, NodePublishSecretRef: &corev1.SecretReference{Namespace: "x", Name: "publish"},
			NodeExpandSecretRef: &corev1.SecretReference{Name: "expand"}, ControllerPublishSecretRef: &corev1.SecretReference{Namespace: "x", Name: "controller"},
			ControllerExpandSecretRef: &corev1.SecretReference{Namespace: "x", Name: "controller"}}},
			[]object{{secret, "x", "stage"}, {secret, "x", "publish"}, {secret, "ns", "expand"}}},
		{"Azure", claim, corev1.PersistentVolumeSource{AzureFile: &corev1.AzureFilePersistentVolumeSource{SecretName: "s"}}, []object{{secret, "ns", "s"}}},
		{"Azure elsewhere", claim, corev1.PersistentVolumeSource{AzureFile: &corev1.AzureFilePersistentVolumeSource{SecretName: "s", SecretNamespace: ptr.To("x")}},
			[]object{{secret, "x", "s"}}},
		{"host path", claim, corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{}}, nil},
		{"unbound", nil, corev1.PersistentVolumeSource{RBD: &corev1.RBDPersistentVolumeSource{SecretRef: &corev1.SecretReference{Name: "s"}}}, nil},
	} {
		got := volumeLinks(&corev1.PersistentVolume{Spec: corev1.PersistentVolumeSpec{ClaimRef: test.claim, PersistentVolumeSource: test.from}})
		if test.claim == nil {
			if got != nil {
				t.Errorf("%s: %v", test.name, got)
			}
			continue
		}
		if got.above != (object{volumeClaim, "ns", "claim"}) || !slices.Equal(got.below, test.want) {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
