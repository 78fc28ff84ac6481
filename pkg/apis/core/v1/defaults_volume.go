package v1

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// These are the default lifetimes of projected credentials in seconds.
const (
	defaultTokenSeconds       = 60 * 60
	defaultCertificateSeconds = 24 * 60 * 60
)

// SetDefaults_Volume sets the source to emptyDir if the volume has none, and
// the pull policy of an image volume.
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

// SetDefaults_HostPathVolumeSource sets the type to the empty string, which
// means that the path is not checked before it is mounted.
func SetDefaults_HostPathVolumeSource(obj *corev1.HostPathVolumeSource) {
	defaults.Set(&obj.Type, corev1.HostPathUnset)
}

// SetDefaults_SecretVolumeSource sets the mode of files to 0644.
func SetDefaults_SecretVolumeSource(obj *corev1.SecretVolumeSource) {
	defaults.Set(&obj.DefaultMode, corev1.SecretVolumeSourceDefaultMode)
}

// SetDefaults_ConfigMapVolumeSource sets the mode of files to 0644.
func SetDefaults_ConfigMapVolumeSource(obj *corev1.ConfigMapVolumeSource) {
	defaults.Set(&obj.DefaultMode, corev1.ConfigMapVolumeSourceDefaultMode)
}

// SetDefaults_DownwardAPIVolumeSource sets the mode of files to 0644.
func SetDefaults_DownwardAPIVolumeSource(obj *corev1.DownwardAPIVolumeSource) {
	defaults.Set(&obj.DefaultMode, corev1.DownwardAPIVolumeSourceDefaultMode)
}

// SetDefaults_ProjectedVolumeSource sets the mode of files to 0644.
func SetDefaults_ProjectedVolumeSource(obj *corev1.ProjectedVolumeSource) {
	defaults.Set(&obj.DefaultMode, corev1.ProjectedVolumeSourceDefaultMode)
}

// SetDefaults_ServiceAccountTokenProjection sets the lifetime of a token to one
// hour.
func SetDefaults_ServiceAccountTokenProjection(obj *corev1.ServiceAccountTokenProjection) {
	defaults.Set(&obj.ExpirationSeconds, defaultTokenSeconds)
}

// SetDefaults_PodCertificateProjection sets the maximum lifetime of a
// certificate to one day.
func SetDefaults_PodCertificateProjection(obj *corev1.PodCertificateProjection) {
	defaults.Set(&obj.MaxExpirationSeconds, defaultCertificateSeconds)
}

// SetDefaults_PersistentVolumeClaimSpec sets the volume mode to Filesystem.
// This also applies to the claims in ephemeral volumes.
func SetDefaults_PersistentVolumeClaimSpec(obj *corev1.PersistentVolumeClaimSpec) {
	defaults.Set(&obj.VolumeMode, corev1.PersistentVolumeFilesystem)
}
