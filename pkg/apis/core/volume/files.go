package volume

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

func validateSecret(s *corev1.SecretVolumeSource, p *field.Path) field.ErrorList {
	return join(
		required(s.SecretName, p.Child("secretName")),
		validateFileMode(s.DefaultMode, p.Child("defaultMode")),
		validateItems(s.Items, p.Child("items")),
	)
}

func validateConfigMap(s *corev1.ConfigMapVolumeSource, p *field.Path) field.ErrorList {
	return join(
		required(s.Name, p.Child("name")),
		validateFileMode(s.DefaultMode, p.Child("defaultMode")),
		validateItems(s.Items, p.Child("items")),
	)
}

// validateItems checks which keys of a ConfigMap or Secret are projected to
// which paths.
func validateItems(items []corev1.KeyToPath, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, item := range items {
		at := p.Index(i)
		errs = append(errs, join(
			required(item.Key, at.Child("key")),
			required(item.Path, at.Child("path")),
			validateLocalNonReservedPath(item.Path, at.Child("path")),
			validateFileMode(item.Mode, at.Child("mode")),
		)...)
	}
	return errs
}

func validateDownwardAPI(s *corev1.DownwardAPIVolumeSource, p *field.Path) field.ErrorList {
	errs := validateFileMode(s.DefaultMode, p.Child("defaultMode"))
	for i := range s.Items {
		errs = append(errs, validateDownwardAPIFile(&s.Items[i], p)...)
	}
	return errs
}

// validateDownwardAPIFile checks one file. Like those of kube-apiserver, its
// errors have the path of the volume, without the index of the file.
func validateDownwardAPIFile(f *corev1.DownwardAPIVolumeFile, p *field.Path) field.ErrorList {
	errs := join(
		required(f.Path, p.Child("path")),
		validateLocalNonReservedPath(f.Path, p.Child("path")),
	)
	switch {
	case f.FieldRef != nil:
		allowed := sets.New("metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid")
		errs = append(errs, validation.ValidateObjectFieldSelector(f.FieldRef, allowed, p.Child("fieldRef"))...)
		if f.ResourceFieldRef != nil {
			errs = append(errs, field.Invalid(p, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"))
		}
	case f.ResourceFieldRef != nil:
		errs = append(errs, validation.ValidateResourceFieldSelector(f.ResourceFieldRef, validation.ContainerResourceFields(), p.Child("resourceFieldRef"), true)...)
	default:
		errs = append(errs, field.Required(p, "one of fieldRef and resourceFieldRef is required"))
	}
	return append(errs, validateFileMode(f.Mode, p.Child("mode"))...)
}
