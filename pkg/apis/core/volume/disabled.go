package volume

import (
	"iter"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// gatedFields are the fields of volumes that need a feature gate.
var gatedFields = []features.Gated[[]corev1.Volume]{
	{Gate: features.AtomicWriteVolumeUserFields, Field: fileOwners},
	{Gate: features.ClusterTrustBundleProjection, Field: trustBundles},
	{Gate: features.EmptyDirVolumeMode, Field: emptyDirModes},
	{Gate: features.PodCertificateRequest, Field: podCertificates},
}

// DropDisabledFields clears the fields of volumes whose feature gate is
// disabled, unless one of the old volumes uses the feature already.
func DropDisabledFields(vols, old []corev1.Volume) { features.Drop(&vols, &old, gatedFields) }

func fileOwners(vols *[]corev1.Volume, clear bool) (used bool) {
	for i := range *vols {
		for _, u := range users(&(*vols)[i].VolumeSource) {
			used = used || *u != nil
			if clear {
				*u = nil
			}
		}
	}
	return used
}

func emptyDirModes(vols *[]corev1.Volume, clear bool) (used bool) {
	for i := range *vols {
		dir := (*vols)[i].EmptyDir
		if dir == nil {
			continue
		}
		used = used || dir.Mode != nil
		if clear {
			dir.Mode = nil
		}
	}
	return used
}

func trustBundles(vols *[]corev1.Volume, clear bool) (used bool) {
	for p := range projections(*vols) {
		used = used || p.ClusterTrustBundle != nil
		if clear {
			p.ClusterTrustBundle = nil
		}
	}
	return used
}

func podCertificates(vols *[]corev1.Volume, clear bool) (used bool) {
	for p := range projections(*vols) {
		used = used || p.PodCertificate != nil
		if clear {
			p.PodCertificate = nil
		}
	}
	return used
}

// projections iterates over the sources of all projected volumes.
func projections(vols []corev1.Volume) iter.Seq[*corev1.VolumeProjection] {
	return func(yield func(*corev1.VolumeProjection) bool) {
		for i := range vols {
			if vols[i].Projected == nil {
				continue
			}
			for j := range vols[i].Projected.Sources {
				if !yield(&vols[i].Projected.Sources[j]) {
					return
				}
			}
		}
	}
}

// users returns the fields of a volume source that specify the owner of files.
func users(s *corev1.VolumeSource) []**int64 {
	var all []**int64
	keys := func(items []corev1.KeyToPath) {
		for i := range items {
			all = append(all, &items[i].User)
		}
	}
	files := func(items []corev1.DownwardAPIVolumeFile) {
		for i := range items {
			all = append(all, &items[i].User)
		}
	}
	if v := s.Secret; v != nil {
		all = append(all, &v.DefaultUser)
		keys(v.Items)
	}
	if v := s.ConfigMap; v != nil {
		all = append(all, &v.DefaultUser)
		keys(v.Items)
	}
	if v := s.DownwardAPI; v != nil {
		all = append(all, &v.DefaultUser)
		files(v.Items)
	}
	if v := s.Projected; v != nil {
		all = append(all, &v.DefaultUser)
		for i := range v.Sources {
			p := &v.Sources[i]
			if p.Secret != nil {
				keys(p.Secret.Items)
			}
			if p.ConfigMap != nil {
				keys(p.ConfigMap.Items)
			}
			if p.DownwardAPI != nil {
				files(p.DownwardAPI.Items)
			}
			if p.ServiceAccountToken != nil {
				all = append(all, &p.ServiceAccountToken.User)
			}
			if p.ClusterTrustBundle != nil {
				all = append(all, &p.ClusterTrustBundle.User)
			}
			if p.PodCertificate != nil {
				all = append(all, &p.PodCertificate.User)
			}
		}
	}
	return all
}
