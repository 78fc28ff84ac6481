package volume

import (
	"reflect"
	"unicode"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

func validateEphemeral(s *corev1.EphemeralVolumeSource, opts ClaimOptions, p *field.Path) field.ErrorList {
	at := p.Child("volumeClaimTemplate")
	if s.VolumeClaimTemplate == nil {
		return field.ErrorList{field.Required(at, "")}
	}
	return join(
		validateTemplateMeta(s.VolumeClaimTemplate.ObjectMeta, at.Child("metadata")),
		ValidatePersistentVolumeClaimSpec(&s.VolumeClaimTemplate.Spec, opts, at.Child("spec")),
	)
}

// validateTemplateMeta checks that the metadata contains only labels and
// annotations. All other fields of the claim are set when it is created for a
// pod.
func validateTemplateMeta(meta metav1.ObjectMeta, p *field.Path) field.ErrorList {
	return join(
		validation.ValidateAnnotations(meta.Annotations, p.Child("annotations")),
		metav1validation.ValidateLabels(meta.Labels, p.Child("labels")),
		ForbidOtherFields(meta, sets.New("Annotations", "Labels"), "cannot be set for an ephemeral volume", p),
	)
}

// ForbidOtherFields returns an error for each field of a struct that is set and
// whose Go name is not in allowed. It also covers fields that future versions
// of the API add.
func ForbidOtherFields(object any, allowed sets.Set[string], msg string, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	v := reflect.ValueOf(object)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if allowed.Has(name) || v.Field(i).IsZero() {
			continue
		}
		first, size := utf8.DecodeRuneInString(name)
		errs = append(errs, field.Forbidden(p.Child(string(unicode.ToLower(first))+name[size:]), msg))
	}
	return errs
}
