package node

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	schedulinghelper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/utils/ptr"
)

// validateAvoidPods checks the annotation that lists the controllers whose pods
// should preferably not run on the node.
func validateAvoidPods(annotations map[string]string, p *field.Path) field.ErrorList {
	if annotations[corev1.PreferAvoidPodsAnnotationKey] == "" {
		return nil
	}
	avoid, err := schedulinghelper.GetAvoidPodsFromNodeAnnotations(annotations)
	if err != nil {
		return field.ErrorList{field.Invalid(p.Child("AvoidPods"), corev1.PreferAvoidPodsAnnotationKey, err.Error())}
	}
	var errs field.ErrorList
	for i, entry := range avoid.PreferAvoidPods {
		signature := p.Child(corev1.PreferAvoidPodsAnnotationKey).Index(i).Child("PodSignature")
		switch controller := entry.PodSignature.PodController; {
		case controller == nil:
			errs = append(errs, field.Required(signature, ""))
		case !ptr.Deref(controller.Controller, false):
			errs = append(errs, field.Invalid(signature.Child("PodController", "Controller"), false, "must point to a controller"))
		}
	}
	return errs
}
