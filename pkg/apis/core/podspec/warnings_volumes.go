package podspec

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
)

// volumes warns about duplicate names, deprecated volume sources, and files
// with overlapping paths.
func (w *warner) volumes(p *field.Path) {
	names := map[string]bool{}
	for i := range w.spec.Volumes {
		v, at := &w.spec.Volumes[i], p.Index(i)
		if names[v.Name] {
			w.warn(at.Child("name"), "duplicate name %q", v.Name)
		}
		names[v.Name] = true
		w.deprecatedSource(v, at)
	}
	for i := range w.spec.Volumes {
		w.overlaps(&w.spec.Volumes[i])
	}
}

func (w *warner) deprecatedSource(v *corev1.Volume, p *field.Path) {
	for _, s := range []struct {
		name string
		used bool
	}{
		{"photonPersistentDisk", v.PhotonPersistentDisk != nil}, {"gitRepo", v.GitRepo != nil}, {"scaleIO", v.ScaleIO != nil},
		{"flocker", v.Flocker != nil}, {"storageOS", v.StorageOS != nil}, {"quobyte", v.Quobyte != nil},
		{"glusterfs", v.Glusterfs != nil}, {"cephfs", v.CephFS != nil}, {"rbd", v.RBD != nil},
	} {
		if s.used {
			w.warn(p.Child(s.name), "%s", volume.Deprecated(s.name))
		}
	}
	if v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil {
		w.warnings = append(w.warnings, volume.PersistentVolumeClaimSpecWarnings(&v.Ephemeral.VolumeClaimTemplate.Spec,
			p.Child("ephemeral", "volumeClaimTemplate", "spec"))...)
	}
}

// file is a path in a volume. In a projected volume it has the source of the
// file as well.
type file struct{ path, source string }

func (f file) String() string {
	if f.source == "" {
		return fmt.Sprintf("%q", f.path)
	}
	return fmt.Sprintf("%q (%s)", f.path, f.source)
}

// overlaps warns about files in a volume that hide other files.
func (w *warner) overlaps(v *corev1.Volume) {
	switch {
	case v.ConfigMap != nil:
		w.files(fmt.Sprintf("volume %q (ConfigMap %q)", v.Name, v.ConfigMap.Name), itemFiles(v.ConfigMap.Items, ""))
	case v.Secret != nil:
		w.files(fmt.Sprintf("volume %q (Secret %q)", v.Name, v.Secret.SecretName), itemFiles(v.Secret.Items, ""))
	case v.DownwardAPI != nil:
		w.files(fmt.Sprintf("volume %q (DownwardAPI)", v.Name), downwardFiles(v.DownwardAPI.Items, ""))
	case v.Projected != nil:
		var all []file
		title := fmt.Sprintf("volume %q (Projected)", v.Name)
		for i := range v.Projected.Sources {
			if s := &v.Projected.Sources[i]; *s == (corev1.VolumeProjection{}) {
				w.warnings = append(w.warnings, title+" has no sources provided")
			} else {
				all = w.files(title, projectedFiles(s), all...)
			}
		}
	}
}

// files warns about each file whose path is equal to that of an earlier file,
// or contains it or is contained in it. It returns the earlier files followed
// by the new ones.
func (w *warner) files(title string, files []file, before ...file) []file {
	for _, f := range files {
		f.path = strings.TrimRight(f.path, "/")
		for _, other := range before {
			if f.path == other.path || strings.HasPrefix(f.path, other.path+"/") || strings.HasPrefix(other.path, f.path+"/") {
				w.warnings = append(w.warnings, fmt.Sprintf("%s: overlapping paths: %s with %s", title, f, other))
			}
		}
		before = append(before, f)
	}
	return before
}

func itemFiles(items []corev1.KeyToPath, source string) []file {
	files := make([]file, len(items))
	for i := range items {
		files[i] = file{items[i].Path, source}
	}
	return files
}

func downwardFiles(items []corev1.DownwardAPIVolumeFile, source string) []file {
	files := make([]file, len(items))
	for i := range items {
		files[i] = file{items[i].Path, source}
	}
	return files
}

func projectedFiles(s *corev1.VolumeProjection) []file {
	switch {
	case s.ConfigMap != nil:
		return itemFiles(s.ConfigMap.Items, fmt.Sprintf("ConfigMap %q", s.ConfigMap.Name))
	case s.Secret != nil:
		return itemFiles(s.Secret.Items, fmt.Sprintf("Secret %q", s.Secret.Name))
	case s.DownwardAPI != nil:
		return downwardFiles(s.DownwardAPI.Items, "DownwardAPI")
	case s.ServiceAccountToken != nil:
		return []file{{s.ServiceAccountToken.Path, "ServiceAccountToken"}}
	case s.ClusterTrustBundle != nil:
		name := s.ClusterTrustBundle.Name
		if name == nil {
			name = s.ClusterTrustBundle.SignerName
		}
		if name == nil {
			return []file{{s.ClusterTrustBundle.Path, "ClusterTrustBundle"}}
		}
		return []file{{s.ClusterTrustBundle.Path, fmt.Sprintf("ClusterTrustBundle %q", *name)}}
	case s.PodCertificate != nil:
		var files []file
		for _, path := range []string{s.PodCertificate.CredentialBundlePath, s.PodCertificate.KeyPath, s.PodCertificate.CertificateChainPath} {
			if path != "" {
				files = append(files, file{path, "PodCertificate"})
			}
		}
		return files
	}
	return nil
}
