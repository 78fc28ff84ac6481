package v1

import (
	storagev1 "k8s.io/api/storage/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/defaults"
)

// SetDefaults_CSIDriver makes a driver one whose volumes are persistent and
// have to be attached; it offers nothing else.
func SetDefaults_CSIDriver(obj *storagev1.CSIDriver) {
	spec := &obj.Spec
	defaults.Set(&spec.AttachRequired, true)
	defaults.Set(&spec.PodInfoOnMount, false)
	defaults.Set(&spec.StorageCapacity, false)
	defaults.Set(&spec.FSGroupPolicy, storagev1.ReadWriteOnceWithFSTypeFSGroupPolicy)
	if len(spec.VolumeLifecycleModes) == 0 {
		spec.VolumeLifecycleModes = []storagev1.VolumeLifecycleMode{storagev1.VolumeLifecyclePersistent}
	}
	defaults.Set(&spec.RequiresRepublish, false)
	defaults.Set(&spec.SELinuxMount, false)
}
