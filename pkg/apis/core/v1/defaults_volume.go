package v1

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// Seconds for which projected credentials are valid unless the pod says otherwise.
const (
	defaultTokenSeconds       = 60 * 60
	defaultCertificateSeconds = 24 * 60 * 60
)

// SetDefaults_Volume makes a volume without a source an empty directory, and
// decides how the image of an image volume is pulled.
func SetDefaults_Volume(obj *corev1.Volume) {
	if obj.VolumeSource == (corev1.VolumeSource{}) {
		obj.EmptyDir = &corev1.EmptyDirVolumeSource{}
	}
	if obj.Image != nil && obj.Image.PullPolicy == "" {
		obj.Image.PullPolicy = corev1.PullIfNotPresent
		if isLatest(obj.Image.Reference) {
			obj.Image.PullPolicy = corev1.PullAlways
		}
	}
}

// SetDefaults_HostPathVolumeSource makes a path without a type explicit: nothing is checked before it is mounted.
func SetDefaults_HostPathVolumeSource(obj *corev1.HostPathVolumeSource) {
	defaults.Set(&obj.Type, corev1.HostPathUnset)
}

// SetDefaults_SecretVolumeSource makes the files readable by all and writable by their owner.
func SetDefaults_SecretVolumeSource(obj *corev1.SecretVolumeSource) {
	defaults.Set(&obj.DefaultMode, corev1.SecretVolumeSourceDefaultMode)
}

// SetDefaults_ConfigMapVolumeSource makes the files readable by all and writable by their owner.
func SetDefaults_ConfigMapVolumeSource(obj *corev1.ConfigMapVolumeSource) {
	defaults.Set(&obj.DefaultMode, corev1.ConfigMapVolumeSourceDefaultMode)
}

// SetDefaults_DownwardAPIVolumeSource makes the files readable by all and writable by their owner.
func SetDefaults_DownwardAPIVolumeSource(obj *corev1.DownwardAPIVolumeSource) {
	defaults.Set(&obj.DefaultMode, corev1.DownwardAPIVolumeSourceDefaultMode)
}

// SetDefaults_ProjectedVolumeSource makes the files readable by all and writable by their owner.
func SetDefaults_ProjectedVolumeSource(obj *corev1.ProjectedVolumeSource) {
	defaults.Set(&obj.DefaultMode, corev1.ProjectedVolumeSourceDefaultMode)
}

// SetDefaults_ServiceAccountTokenProjection makes a token valid for an hour.
func SetDefaults_ServiceAccountTokenProjection(obj *corev1.ServiceAccountTokenProjection) {
	defaults.Set(&obj.ExpirationSeconds, defaultTokenSeconds)
}

// SetDefaults_PodCertificateProjection makes a certificate valid for a day.
func SetDefaults_PodCertificateProjection(obj *corev1.PodCertificateProjection) {
	defaults.Set(&obj.MaxExpirationSeconds, defaultCertificateSeconds)
}

// SetDefaults_PersistentVolumeClaimSpec makes a claim, also one that a pod brings itself, ask for a file system.
func SetDefaults_PersistentVolumeClaimSpec(obj *corev1.PersistentVolumeClaimSpec) {
	defaults.Set(&obj.VolumeMode, corev1.PersistentVolumeFilesystem)
}
