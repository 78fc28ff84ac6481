package persistentvolume

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
	{Name: "Capacity", Description: spec("capacity"), Cell: capacity},
	{Name: "Access Modes", Description: spec("accessModes"), Cell: func(v object) any { return volume.AccessModes(v.Spec.AccessModes) }},
	{Name: "Reclaim Policy", Description: spec("persistentVolumeReclaimPolicy"),
		Cell: func(v object) any { return string(v.Spec.PersistentVolumeReclaimPolicy) }},
	{Name: "Status", Description: registry.Doc(corev1.PersistentVolumeStatus{}, "phase"), Cell: phase},
	{Name: "Claim", Description: spec("claimRef"), Cell: claim},
	{Name: "StorageClass", Description: "StorageClass of the pv",
		Cell: func(v object) any { return volume.StorageClass(v.Annotations, v.Spec.StorageClassName) }},
	{Name: "VolumeAttributesClass", Description: "VolumeAttributesClass of the pv",
		Cell: func(v object) any { return ptr.Deref(v.Spec.VolumeAttributesClassName, unset) }},
	{Name: "Reason", Description: registry.Doc(corev1.PersistentVolumeStatus{}, "reason"), Cell: func(v object) any { return v.Status.Reason }},
	registry.AgeColumn[object](),
	{Name: "VolumeMode", Priority: 1, Description: spec("volumeMode"),
		Cell: func(v object) any { return string(ptr.Deref(v.Spec.VolumeMode, unset)) }},
}

func spec(name string) string { return registry.Doc(corev1.PersistentVolumeSpec{}, name) }

func capacity(v object) any {
	q := v.Spec.Capacity[corev1.ResourceStorage]
	return q.String()
}

func phase(v object) any {
	if v.DeletionTimestamp != nil {
		return "Terminating"
	}
	return string(v.Status.Phase)
}

func claim(v object) any {
	if v.Spec.ClaimRef == nil {
		return ""
	}
	return v.Spec.ClaimRef.Namespace + "/" + v.Spec.ClaimRef.Name
}
