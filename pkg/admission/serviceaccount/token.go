package serviceaccount

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/utils/ptr"
)

const (
	// mountPath is where client libraries look for the token, its CA certificate
	// and the namespace.
	mountPath = "/var/run/secrets/kubernetes.io/serviceaccount"
	// volumePrefix begins the name of the volume with these files.
	volumePrefix = "kube-api-access-"
	// lifetime is that of a token, in seconds: an hour, and seven seconds that
	// tell this plugin's tokens from those that are asked for by others.
	lifetime = 60*60 + 7
)

// wantsToken reports whether a pod gets a token. What the pod says has precedence
// over what its account says.
func wantsToken(pod *corev1.Pod, account *corev1.ServiceAccount) bool {
	if pod.Spec.AutomountServiceAccountToken != nil {
		return *pod.Spec.AutomountServiceAccountToken
	}
	return ptr.Deref(account.AutomountServiceAccountToken, true)
}

// mountToken mounts the volume with the token in each container that has nothing
// at its path. It adds the volume if a container needs it and the pod does not
// have one, for example from an earlier call.
func mountToken(pod *corev1.Pod) {
	name, exists := "", false
	if i := slices.IndexFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return strings.HasPrefix(v.Name, volumePrefix) }); i >= 0 {
		name, exists = pod.Spec.Volumes[i].Name, true
	} else {
		name = names.SimpleNameGenerator.GenerateName(volumePrefix)
	}
	needed := false
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			c := &containers[i]
			if slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == mountPath }) {
				continue
			}
			c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: name, ReadOnly: true, MountPath: mountPath})
			needed = true
		}
	}
	if needed && !exists {
		pod.Spec.Volumes = append(pod.Spec.Volumes, tokenVolume(name))
	}
}

// tokenVolume returns a volume with a token of the pod's account, the CA
// certificate of the API server, which a controller writes into a config map of
// each namespace, and the name of the namespace.
func tokenVolume(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		DefaultMode: ptr.To(corev1.ProjectedVolumeSourceDefaultMode),
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: ptr.To[int64](lifetime)}},
			{ConfigMap: &corev1.ConfigMapProjection{
				LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"},
				Items:                []corev1.KeyToPath{{Key: corev1.ServiceAccountRootCAKey, Path: corev1.ServiceAccountRootCAKey}},
			}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
				Path:     corev1.ServiceAccountNamespaceKey,
				FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"},
			}}}},
		},
	}}}
}
