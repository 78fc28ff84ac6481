package podspec

import (
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// ValidatePodCreate checks a new pod.
func ValidatePodCreate(pod *corev1.Pod, opts Options) field.ErrorList {
	errs := validatePod(pod, opts)
	spec := field.NewPath("spec")
	if len(pod.Spec.EphemeralContainers) > 0 {
		errs = append(errs, field.Forbidden(spec.Child("ephemeralContainers"), "cannot be set on create"))
	}
	if pod.Spec.NodeName != "" && len(pod.Spec.SchedulingGates) > 0 {
		errs = append(errs, field.Forbidden(spec.Child("nodeName"), "cannot be set until all schedulingGates have been cleared"))
	}
	return append(errs, validateAppArmorAgree(pod, spec)...)
}

// validatePod checks the rules that apply both to new and to updated pods.
func validatePod(pod *corev1.Pod, opts Options) field.ErrorList {
	metadata := field.NewPath("metadata")
	errs := metavalidation.ValidateObjectMeta(&pod.ObjectMeta, true, apivalidation.NameIsDNSSubdomain, metadata)
	errs = append(errs, validateAnnotations(&pod.ObjectMeta, &pod.Spec, opts, metadata.Child("annotations"))...)
	return append(errs, ValidatePodSpec(&pod.Spec, &pod.ObjectMeta, opts, field.NewPath("spec"))...)
}

// validateAppArmorAgree checks that the annotation and the field with the
// AppArmor profile of a container are equivalent if both are set.
func validateAppArmorAgree(pod *corev1.Pod, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if pod.Spec.OS != nil && pod.Spec.OS.Name == corev1.Windows {
		return nil
	}
	for at, c := range containersOf(&pod.Spec, p) {
		said := AppArmorProfile(pod.Annotations, c.Name)
		if said == nil || c.SecurityContext == nil || c.SecurityContext.AppArmorProfile == nil {
			continue
		}
		own, path := c.SecurityContext.AppArmorProfile, at.Child("securityContext", "appArmorProfile")
		switch {
		case said.Type != own.Type:
			errs = append(errs, field.Forbidden(path.Child("type"), "apparmor type in annotation and field must match"))
		case said.LocalhostProfile != nil && own.LocalhostProfile != nil && *said.LocalhostProfile != *own.LocalhostProfile:
			errs = append(errs, field.Forbidden(path.Child("localhostProfile"), "apparmor profile in annotation and field must match"))
		}
	}
	return errs
}
