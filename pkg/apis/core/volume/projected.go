package volume

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// projector validates the sources of one projected volume, whose files must
// have different paths.
type projector struct {
	opts  Options
	at    *field.Path // the path of the volume, which errors about paths of files have
	paths sets.Set[string]
}

func validateProjected(s *corev1.ProjectedVolumeSource, opts Options, p *field.Path) field.ErrorList {
	pr := projector{opts: opts, at: p, paths: sets.Set[string]{}}
	errs := validateFileMode(s.DefaultMode, p.Child("defaultMode"))
	for i := range s.Sources {
		errs = append(errs, pr.source(&s.Sources[i], p.Child("sources").Index(i))...)
	}
	return errs
}

// source checks one source, which should be of exactly one type.
func (pr projector) source(s *corev1.VolumeProjection, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	kinds := 0
	for _, k := range [...]*source{
		is(s.Secret, "secret", p.Child("secret"), pr.secret),
		is(s.ConfigMap, "configMap", p.Child("configMap"), pr.configMap),
		is(s.DownwardAPI, "downwardAPI", p.Child("downwardAPI"), pr.downwardAPI),
		is(s.ServiceAccountToken, "serviceAccountToken", p.Child("serviceAccountToken"), pr.token),
		is(s.ClusterTrustBundle, "clusterTrustBundle", p.Child("clusterTrustBundle"), pr.trustBundle),
		is(s.PodCertificate, "podCertificate", p.Child("podCertificate"), pr.certificate),
	} {
		if k != nil {
			kinds++
			errs = append(errs, k.validate()...)
		}
	}
	if kinds > 1 {
		errs = append(errs, field.Forbidden(p, "may not specify more than 1 volume type per source"))
	}
	return errs
}

// claim returns an error if an earlier source has the path already. name is the
// name of the object that the file comes from.
func (pr projector) claim(path, name string) field.ErrorList {
	if path == "" {
		return nil
	}
	if pr.paths.Has(path) {
		return field.ErrorList{field.Invalid(pr.at, name, "conflicting duplicate paths")}
	}
	pr.paths.Insert(path)
	return nil
}

func (pr projector) secret(s *corev1.SecretProjection, p *field.Path) field.ErrorList {
	return join(required(s.Name, p.Child("name")), pr.items(s.Items, s.Name, p.Child("items")))
}

func (pr projector) configMap(s *corev1.ConfigMapProjection, p *field.Path) field.ErrorList {
	return join(required(s.Name, p.Child("name")), pr.items(s.Items, s.Name, p.Child("items")))
}

func (pr projector) items(items []corev1.KeyToPath, name string, p *field.Path) field.ErrorList {
	errs := validateItems(items, p)
	for _, item := range items {
		errs = append(errs, pr.claim(item.Path, name)...)
	}
	return errs
}

func (pr projector) downwardAPI(s *corev1.DownwardAPIProjection, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range s.Items {
		f := &s.Items[i]
		errs = append(errs, validateDownwardAPIFile(f, p)...)
		errs = append(errs, pr.claim(f.Path, f.Path)...)
	}
	return errs
}

// token checks a service account token. Like in kube-apiserver, errors about
// its path have the path of the volume, and other sources may use the same
// path.
func (pr projector) token(s *corev1.ServiceAccountTokenProjection, p *field.Path) field.ErrorList {
	const shortest, longest = 10 * 60, 1 << 32 // seconds
	var errs field.ErrorList
	if e := s.ExpirationSeconds; e != nil {
		if *e < shortest {
			errs = append(errs, field.Invalid(p.Child("expirationSeconds"), *e, "may not specify a duration less than 10 minutes"))
		}
		if *e > longest {
			errs = append(errs, field.Invalid(p.Child("expirationSeconds"), *e, "may not specify a duration larger than 2^32 seconds"))
		}
	}
	if s.Path == "" {
		return append(errs, field.Required(pr.at.Child("path"), ""))
	}
	if !pr.opts.AllowNonLocalProjectedTokenPath {
		errs = append(errs, validateLocalNonReservedPath(s.Path, pr.at.Child("path"))...)
	}
	return errs
}
