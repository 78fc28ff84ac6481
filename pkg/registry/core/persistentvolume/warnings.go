package persistentvolume

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
)

// warnings returns texts about what is deprecated.
func warnings(v *corev1.PersistentVolume) []string {
	texts := volume.StorageClassWarnings(v.Annotations)
	if _, ok := v.Annotations[mountOptionsAnnotation]; ok {
		texts = append(texts, annotationsPath.Key(mountOptionsAnnotation).String()+`: deprecated since v1.31; use "mountOptions" attribute instead`)
	}
	if v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRecycle {
		texts = append(texts, specPath.Child("persistentVolumeReclaimPolicy").String()+
			": The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.")
	}
	return append(append(texts, affinityWarnings(v.Spec.NodeAffinity)...), sourceWarnings(&v.Spec.PersistentVolumeSource)...)
}

func affinityWarnings(affinity *corev1.VolumeNodeAffinity) (texts []string) {
	if affinity == nil || affinity.Required == nil {
		return nil
	}
	p := specPath.Child("nodeAffinity", "required", "nodeSelectorTerms")
	for i, term := range affinity.Required.NodeSelectorTerms {
		for j, r := range term.MatchExpressions {
			if why := validation.DeprecatedNodeLabel(r.Key); why != "" {
				texts = append(texts, p.Index(i).Child("matchExpressions").Index(j).Child("key").String()+": "+r.Key+" is "+why)
			}
		}
	}
	return texts
}

// sourceWarnings tells about kinds of volumes that are gone. kube-apiserver says
// nothing about Flocker and Quobyte here, unlike for volumes of pods.
func sourceWarnings(s *corev1.PersistentVolumeSource) (texts []string) {
	for _, source := range []struct {
		name string
		used bool
	}{
		{"photonPersistentDisk", s.PhotonPersistentDisk != nil}, {"scaleIO", s.ScaleIO != nil}, {"storageOS", s.StorageOS != nil},
		{"glusterfs", s.Glusterfs != nil}, {"rbd", s.RBD != nil}, {"cephfs", s.CephFS != nil},
	} {
		if source.used {
			texts = append(texts, specPath.Child(source.name).String()+": "+volume.Deprecated(source.name))
		}
	}
	return texts
}
