package persistentvolumeclaim

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// unset is what a cell says of a field that is nil.
const unset = "<unset>"

var columns = []registry.Column[object]{
	registry.NameColumn[object](),
	{Name: "Status", Description: status("phase"), Cell: phase},
	{Name: "Volume", Description: spec("volumeName"), Cell: func(c object) any { return c.Spec.VolumeName }},
	{Name: "Capacity", Description: status("capacity"), Cell: capacity},
	{Name: "Access Modes", Description: status("accessModes"), Cell: accessModes},
	{Name: "StorageClass", Description: "StorageClass of the pvc",
		Cell: func(c object) any { return volume.StorageClass(c.Annotations, ptr.Deref(c.Spec.StorageClassName, "")) }},
	{Name: "VolumeAttributesClass", Description: "VolumeAttributesClass of the pvc",
		Cell: func(c object) any { return ptr.Deref(c.Spec.VolumeAttributesClassName, unset) }},
	registry.AgeColumn[object](),
	{Name: "VolumeMode", Priority: 1, Description: spec("volumeMode"),
		Cell: func(c object) any { return string(ptr.Deref(c.Spec.VolumeMode, unset)) }},
}

func spec(name string) string   { return registry.Doc(corev1.PersistentVolumeClaimSpec{}, name) }
func status(name string) string { return registry.Doc(corev1.PersistentVolumeClaimStatus{}, name) }

func phase(c object) any {
	if c.DeletionTimestamp != nil {
		return "Terminating"
	}
	return string(c.Status.Phase)
}

// capacity and accessModes are those of the volume, which a claim without one
// has not.
func capacity(c object) any {
	if c.Spec.VolumeName == "" {
		return ""
	}
	q := c.Status.Capacity[corev1.ResourceStorage]
	return q.String()
}

func accessModes(c object) any {
	if c.Spec.VolumeName == "" {
		return ""
	}
	return volume.AccessModes(c.Status.AccessModes)
}
