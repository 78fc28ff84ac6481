package v1

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_StorageClass makes volumes of the class disappear with their
// claims, and come into being as soon as there is a claim.
func SetDefaults_StorageClass(obj *storagev1.StorageClass) {
	defaults.Set(&obj.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)
	defaults.Set(&obj.VolumeBindingMode, storagev1.VolumeBindingImmediate)
}
