package podspec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const appArmorAnnotation = corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix

// validateAnnotations checks the annotations that have a meaning to the
// components of a cluster.
func validateAnnotations(meta *metav1.ObjectMeta, spec *corev1.PodSpec, opts Options, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if mirror, ok := meta.Annotations[corev1.MirrorPodAnnotationKey]; ok && spec.NodeName == "" {
		errs = append(errs, field.Invalid(p.Key(corev1.MirrorPodAnnotationKey), mirror, "must set spec.nodeName if mirror pod annotation is set"))
	}
	if !opts.kept.deletionCost && !validDeletionCost(meta.Annotations) {
		errs = append(errs, field.Invalid(p.Key(corev1.PodDeletionCost), meta.Annotations[corev1.PodDeletionCost], "must be a 32bit integer"))
	}
	return append(errs, validateAppArmorAnnotations(meta.Annotations, spec, p)...)
}

// validateAppArmorAnnotations checks the annotations that specified the
// AppArmor profiles of containers before the field appArmorProfile existed.
func validateAppArmorAnnotations(annotations map[string]string, spec *corev1.PodSpec, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := sets.Set[string]{}
	for _, c := range containersOf(spec, nil) {
		names.Insert(c.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		container, ok := strings.CutPrefix(key, appArmorAnnotation)
		if !ok {
			continue
		}
		if !names.Has(container) {
			errs = append(errs, field.Invalid(p.Key(key), container, "container not found"))
		}
		if profile := annotations[key]; !validAppArmorProfile(profile) {
			errs = append(errs, field.Invalid(p.Key(key), profile, fmt.Sprintf("invalid AppArmor profile name: %q", profile)))
		}
	}
	return errs
}

func validAppArmorProfile(profile string) bool {
	switch profile {
	case "", corev1.DeprecatedAppArmorBetaProfileRuntimeDefault, corev1.DeprecatedAppArmorBetaProfileNameUnconfined:
		return true
	}
	return strings.HasPrefix(profile, corev1.DeprecatedAppArmorBetaProfileNamePrefix)
}

// AppArmorProfile returns the AppArmor profile that the annotation of a
// container specifies, or nil if there is no valid annotation.
func AppArmorProfile(annotations map[string]string, container string) *corev1.AppArmorProfile {
	text := annotations[appArmorAnnotation+container]
	switch text {
	case "":
		return nil
	case corev1.DeprecatedAppArmorBetaProfileRuntimeDefault:
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault}
	case corev1.DeprecatedAppArmorBetaProfileNameUnconfined:
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined}
	}
	name, ok := strings.CutPrefix(text, corev1.DeprecatedAppArmorBetaProfileNamePrefix)
	if !ok || name == "" {
		return nil
	}
	return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: &name}
}

// LacksAppArmorField reports whether the AppArmor profile of the container is
// specified by an annotation, but not by a field of the container.
func LacksAppArmorField(annotations map[string]string, c *corev1.Container) bool {
	_, annotated := annotations[appArmorAnnotation+c.Name]
	return annotated && (c.SecurityContext == nil || c.SecurityContext.AppArmorProfile == nil)
}
