package podspec

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// maxEnvFileKey is the maximum length of a key of an environment file.
const maxEnvFileKey = 128

const moreThanOne = "may not have more than one field specified at a time"

func validateEnv(vars []corev1.EnvVar, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range vars {
		at := p.Index(i)
		if vars[i].Name == "" {
			errs = append(errs, field.Required(at.Child("name"), ""))
		} else {
			errs = append(errs, validation.ValidateEnvVarName(vars[i].Name, at.Child("name"))...)
		}
		if vars[i].ValueFrom != nil {
			errs = append(errs, validateValueFrom(&vars[i], at.Child("valueFrom"))...)
		}
	}
	return errs
}

func validateValueFrom(v *corev1.EnvVar, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	from, sources := v.ValueFrom, 0
	if s := from.FieldRef; s != nil {
		sources++
		errs = append(errs, validation.ValidateObjectFieldSelector(s, envFields(), p.Child("fieldRef"))...)
	}
	if s := from.ResourceFieldRef; s != nil {
		sources++
		errs = append(errs, validation.ValidateResourceFieldSelector(s, validation.ContainerResourceFields(), p.Child("resourceFieldRef"), false)...)
	}
	if s := from.ConfigMapKeyRef; s != nil {
		sources++
		errs = append(errs, validateKeyRef(s.Name, s.Key, p.Child("configMapKeyRef"))...)
	}
	if s := from.SecretKeyRef; s != nil {
		sources++
		errs = append(errs, validateKeyRef(s.Name, s.Key, p.Child("secretKeyRef"))...)
	}
	if s := from.FileKeyRef; s != nil {
		sources++
		errs = append(errs, validateFileKeyRef(s, p.Child("fileKeyRef"))...)
	}
	switch {
	case sources == 0 && !features.Enabled(features.EnvFiles):
		errs = append(errs, field.Invalid(p, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"))
	case sources == 0:
		errs = append(errs, field.Invalid(p, "",
			"must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"))
	case v.Value != "":
		errs = append(errs, field.Invalid(p, "", "may not be specified when `value` is not empty"))
	case sources > 1:
		errs = append(errs, field.Invalid(p, "", moreThanOne))
	}
	return errs
}

// envFields are the fields of a pod that environment variables can refer to. In
// addition, they can refer to single labels and annotations.
func envFields() sets.Set[string] {
	return sets.New("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
		"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs")
}

// validateKeyRef checks a reference to a key of a ConfigMap or Secret.
func validateKeyRef(name, key string, p *field.Path) field.ErrorList {
	errs := invalid(p.Child("name"), name, apivalidation.NameIsDNSSubdomain(name, false))
	if key == "" {
		return append(errs, field.Required(p.Child("key"), ""))
	}
	return append(errs, validation.ValidateConfigMapKey(key, p.Child("key"))...)
}

// validateFileKeyRef checks a reference to a key of an environment file.
func validateFileKeyRef(s *corev1.FileKeySelector, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch at := p.Child("key"); {
	case s.Key == "":
		errs = append(errs, field.Required(at, ""))
	case len(s.Key) > maxEnvFileKey:
		errs = append(errs, field.TooLong(at, s.Key, maxEnvFileKey))
	default:
		errs = append(errs, validation.ValidateEnvVarName(s.Key, at)...)
	}
	if s.VolumeName == "" {
		errs = append(errs, field.Required(p.Child("volumeName"), ""))
	} else {
		errs = append(errs, validation.ValidateDNS1123Label(s.VolumeName, p.Child("volumeName"))...)
	}
	if s.Path == "" {
		return append(errs, field.Required(p.Child("path"), ""))
	}
	if strings.HasPrefix(s.Path, "..") && !strings.HasPrefix(s.Path, "../") && s.Path != ".." {
		errs = append(errs, field.Invalid(p.Child("path"), s.Path, "must not start with '..'"))
	}
	return append(errs, volume.ValidateLocalDescendingPath(s.Path, p.Child("path"))...)
}

func validateEnvFrom(sources []corev1.EnvFromSource, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, s := range sources {
		at := p.Index(i)
		if s.Prefix != "" {
			errs = append(errs, validation.ValidateEnvVarName(s.Prefix, at.Child("prefix"))...)
		}
		if s.ConfigMapRef != nil {
			errs = append(errs, validateNamed(s.ConfigMapRef.Name, at.Child("configMapRef", "name"))...)
		}
		if s.SecretRef != nil {
			errs = append(errs, validateNamed(s.SecretRef.Name, at.Child("secretRef", "name"))...)
		}
		switch {
		case s.ConfigMapRef == nil && s.SecretRef == nil:
			errs = append(errs, field.Invalid(p, "", "must specify one of: `configMapRef` or `secretRef`"))
		case s.ConfigMapRef != nil && s.SecretRef != nil:
			errs = append(errs, field.Invalid(p, "", moreThanOne))
		}
	}
	return errs
}

// validateNamed checks a reference to another object: the name is required.
func validateNamed(name string, p *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(p, "")}
	}
	return invalid(p, name, apivalidation.NameIsDNSSubdomain(name, false))
}

// validateEnvFileVolumes checks that the environment files of all containers
// are in volumes of the type emptyDir.
func (v *specValidator) validateEnvFileVolumes(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for at, c := range containersOf(v.spec, p) {
		for i, e := range c.Env {
			if e.ValueFrom == nil || e.ValueFrom.FileKeyRef == nil {
				continue
			}
			name := e.ValueFrom.FileKeyRef.VolumeName
			path := at.Child("env").Index(i).Child("valueFrom", "fileKeyRef", "volumeName")
			source, known := v.volumes[name]
			switch {
			case !known:
				errs = append(errs, field.NotFound(path, name))
			case source.EmptyDir == nil:
				errs = append(errs, field.Invalid(path, name, "volume must be of type emptyDir"))
			}
		}
	}
	return errs
}
