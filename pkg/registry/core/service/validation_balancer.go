package service

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

const onlyBalanced = "may only be used when `type` is 'LoadBalancer'"

// validateBalancer checks the fields that only services of the type
// LoadBalancer have.
func validateBalancer(s, old *corev1.Service) (errs field.ErrorList) {
	spec := &s.Spec
	balanced := spec.Type == corev1.ServiceTypeLoadBalancer
	errs = append(errs, validateSourceRanges(s, old)...)
	path := specPath.Child("allocateLoadBalancerNodePorts")
	if balanced && spec.AllocateLoadBalancerNodePorts == nil {
		errs = append(errs, field.Required(path, ""))
	}
	if !balanced && spec.AllocateLoadBalancerNodePorts != nil {
		errs = append(errs, field.Forbidden(path, onlyBalanced))
	}
	path = specPath.Child("loadBalancerClass")
	var format field.ErrorList
	if class := spec.LoadBalancerClass; class != nil && balanced {
		format = validation.ValidateQualifiedName(*class, path)
	}
	if balanced && old != nil && old.Spec.Type == spec.Type && !ptr.Equal(spec.LoadBalancerClass, old.Spec.LoadBalancerClass) {
		errs = append(errs, field.Invalid(path, spec.LoadBalancerClass, "may not change once set"))
		errs = append(errs, format...) // a cause of its own, as in kube-apiserver
	}
	if !balanced && spec.LoadBalancerClass != nil {
		errs = append(errs, field.Forbidden(path, onlyBalanced))
	}
	return append(errs, format...)
}

// validateSourceRanges checks the field loadBalancerSourceRanges, or the
// annotation that preceded it if the field is empty.
func validateSourceRanges(s, old *corev1.Service) (errs field.ErrorList) {
	path, ranges := specPath.Child("LoadBalancerSourceRanges"), s.Spec.LoadBalancerSourceRanges
	if annotation, has := s.Annotations[corev1.AnnotationLoadBalancerSourceRangesKey]; len(ranges) == 0 && has {
		path = metaPath.Child("annotations").Key(corev1.AnnotationLoadBalancerSourceRangesKey)
		if s.Spec.Type != corev1.ServiceTypeLoadBalancer {
			return field.ErrorList{field.Forbidden(path, onlyBalanced)}
		}
		if annotation = strings.TrimSpace(annotation); annotation == "" {
			return nil
		}
		for _, cidr := range strings.Split(annotation, ",") {
			errs = append(errs, utilvalidation.IsValidCIDRForLegacyField(path, strings.TrimSpace(cidr), false, nil)...)
		}
		return errs
	}
	if len(ranges) == 0 {
		return nil
	}
	if s.Spec.Type != corev1.ServiceTypeLoadBalancer {
		errs = append(errs, field.Forbidden(path, onlyBalanced))
	}
	var before []string
	if old != nil {
		before = old.Spec.LoadBalancerSourceRanges
	}
	for i, cidr := range ranges {
		if wrong := utilvalidation.IsValidCIDRForLegacyField(path.Index(i), strings.TrimSpace(cidr), true, before); len(wrong) > 0 {
			wrong[0].BadValue = cidr
			errs = append(errs, wrong...)
		}
	}
	return errs
}
