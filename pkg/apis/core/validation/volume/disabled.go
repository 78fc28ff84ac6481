package volume

import corev1 "k8s.io/api/core/v1"

// Features are the feature gates that volumes depend on. The zero value is the
// default: all of them are off.
type Features struct {
	ClusterTrustBundleProjection bool
	PodCertificateRequest        bool
	EmptyDirVolumeMode           bool
	AtomicWriteVolumeUserFields  bool
}

// DropDisabledFields clears what needs a feature that is off, unless the old
// object, if there is one, has it already.
func DropDisabledFields(vols, old []corev1.Volume, on Features) {
	var had Features
	for i := range old {
		visitGated(&old[i].VolumeSource, &gated{
			bundle:      func(*corev1.VolumeProjection) { had.ClusterTrustBundleProjection = true },
			certificate: func(*corev1.VolumeProjection) { had.PodCertificateRequest = true },
			mode:        func(*corev1.EmptyDirVolumeSource) { had.EmptyDirVolumeMode = true },
			user:        func(**int64) { had.AtomicWriteVolumeUserFields = true },
		})
	}
	var drop gated
	if !on.ClusterTrustBundleProjection && !had.ClusterTrustBundleProjection {
		drop.bundle = func(p *corev1.VolumeProjection) { p.ClusterTrustBundle = nil }
	}
	if !on.PodCertificateRequest && !had.PodCertificateRequest {
		drop.certificate = func(p *corev1.VolumeProjection) { p.PodCertificate = nil }
	}
	if !on.EmptyDirVolumeMode && !had.EmptyDirVolumeMode {
		drop.mode = func(s *corev1.EmptyDirVolumeSource) { s.Mode = nil }
	}
	if !on.AtomicWriteVolumeUserFields && !had.AtomicWriteVolumeUserFields {
		drop.user = func(u **int64) { *u = nil }
	}
	for i := range vols {
		visitGated(&vols[i].VolumeSource, &drop)
	}
}

// gated is called for the fields that are set. A nil function is not called.
type gated struct {
	bundle, certificate func(*corev1.VolumeProjection)
	mode                func(*corev1.EmptyDirVolumeSource)
	user                func(**int64)
}

func visitGated(s *corev1.VolumeSource, g *gated) {
	if s.EmptyDir != nil && s.EmptyDir.Mode != nil && g.mode != nil {
		g.mode(s.EmptyDir)
	}
	if g.user != nil {
		for _, u := range users(s) {
			if *u != nil {
				g.user(u)
			}
		}
	}
	if s.Projected == nil {
		return
	}
	for i := range s.Projected.Sources {
		p := &s.Projected.Sources[i]
		if p.ClusterTrustBundle != nil && g.bundle != nil {
			g.bundle(p)
		}
		if p.PodCertificate != nil && g.certificate != nil {
			g.certificate(p)
		}
	}
}

// users returns the owners of files that a volume writes.
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
