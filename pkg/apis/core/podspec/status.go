package podspec

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// ValidatePodStatusUpdate checks an update of the status of a pod.
func ValidatePodStatusUpdate(pod, old *corev1.Pod, opts Options) field.ErrorList {
	metadata, p := field.NewPath("metadata"), field.NewPath("status")
	errs := metavalidation.ValidateObjectMetaUpdate(&pod.ObjectMeta, &old.ObjectMeta, metadata)
	errs = append(errs, validateAnnotationsUpdate(pod, old, metadata.Child("annotations"))...)
	status, before := &pod.Status, &old.Status
	for i, c := range status.Conditions {
		if !wellKnownCondition(c.Type) {
			errs = append(errs, validation.ValidateQualifiedName(string(c.Type), p.Child("conditions").Index(i).Child("Type"))...)
		}
	}
	if pod.Spec.NodeName != old.Spec.NodeName {
		errs = append(errs, field.Forbidden(p.Child("nodeName"), "may not be changed directly"))
	}
	if name := status.NominatedNodeName; name != before.NominatedNodeName && name != "" {
		errs = append(errs, invalid(p.Child("nominatedNodeName"), name, apivalidation.NameIsDNSSubdomain(name, false))...)
	}
	errs = append(errs, apivalidation.ValidateImmutableField(status.QOSClass, before.QOSClass, p.Child("qosClass"))...)
	errs = append(errs, validateRestarts(pod, old, p)...)
	errs = append(errs, validateClaimStatuses(status.ResourceClaimStatuses, pod.Spec.ResourceClaims, p.Child("resourceClaimStatuses"))...)
	errs = append(errs, validateIPs(podIPs(status), podIPs(before), goform.Of(status.PodIPs), p.Child("podIPs"))...)
	return append(errs, validateHostIPs(status, before, p.Child("hostIPs"))...)
}

func wellKnownCondition(t corev1.PodConditionType) bool {
	switch t {
	case corev1.PodScheduled, corev1.PodReady, corev1.PodInitialized, corev1.ContainersReady:
		return true
	}
	return false
}

// validateRestarts checks that no terminated container returns to another state
// if its restart policy does not allow that it restarts.
func validateRestarts(pod, old *corev1.Pod, p *field.Path) field.ErrorList {
	spec := &old.Spec
	var errs field.ErrorList
	for _, kind := range []struct {
		name     string
		now, was []corev1.ContainerStatus
		restarts func(end corev1.ContainerStatus) bool
	}{
		{"containerStatuses", pod.Status.ContainerStatuses, old.Status.ContainerStatuses,
			func(end corev1.ContainerStatus) bool { return mayRestart(spec, spec.Containers, end) }},
		{"initContainerStatuses", pod.Status.InitContainerStatuses, old.Status.InitContainerStatuses,
			func(end corev1.ContainerStatus) bool { return mayRestart(spec, spec.InitContainers, end) }},
		{"ephemeralContainerStatuses", pod.Status.EphemeralContainerStatuses, old.Status.EphemeralContainerStatuses,
			func(corev1.ContainerStatus) bool { return false }},
	} {
		errs = append(errs, validateTransitions(kind.now, kind.was, kind.restarts, p.Child(kind.name))...)
	}
	return errs
}

// mayRestart reports whether a container may restart after it has terminated
// with the given status.
func mayRestart(spec *corev1.PodSpec, containers []corev1.Container, end corev1.ContainerStatus) bool {
	policy := string(spec.RestartPolicy)
	for i := range containers {
		c := &containers[i]
		if c.Name != end.Name {
			continue
		}
		if len(c.RestartPolicyRules) > 0 {
			return true
		}
		if c.RestartPolicy != nil {
			policy = string(*c.RestartPolicy)
		}
	}
	switch policy {
	case string(corev1.RestartPolicyAlways):
		return true
	case string(corev1.RestartPolicyOnFailure):
		return end.State.Terminated.ExitCode != 0 || restartsAll(spec)
	}
	return restartsAll(spec)
}

// restartsAll reports whether a container has a rule that restarts all
// containers of the pod.
func restartsAll(spec *corev1.PodSpec) bool {
	for _, c := range containersOf(spec, nil) {
		for _, r := range c.RestartPolicyRules {
			if r.Action == corev1.ContainerRestartRuleActionRestartAllContainers {
				return true
			}
		}
	}
	return false
}

func validateTransitions(now, was []corev1.ContainerStatus, restarts func(end corev1.ContainerStatus) bool, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, before := range was {
		if before.State.Terminated == nil || restarts(before) {
			continue
		}
		for i := range now {
			if now[i].Name == before.Name && now[i].State.Terminated == nil {
				errs = append(errs, field.Forbidden(p.Index(i).Child("state"), "may not be transitioned to non-terminated state"))
			}
		}
	}
	return errs
}

func validateClaimStatuses(statuses []corev1.PodResourceClaimStatus, claims []corev1.PodResourceClaim, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	known := sets.Set[string]{}
	for _, c := range claims {
		known.Insert(c.Name)
	}
	seen := sets.Set[string]{}
	for i, s := range statuses {
		at := p.Index(i)
		if s.ResourceClaimName != nil {
			errs = append(errs, invalid(at.Child("name"), *s.ResourceClaimName, apivalidation.NameIsDNSSubdomain(*s.ResourceClaimName, false))...)
		}
		if !known.Has(s.Name) {
			errs = append(errs, field.Invalid(at.Child("name"), s.Name, "must match the name of an entry in `spec.resourceClaims`"))
		}
		if seen.Has(s.Name) {
			errs = append(errs, field.Duplicate(at.Child("name"), s.Name))
		}
		seen.Insert(s.Name)
	}
	return errs
}

func podIPs(status *corev1.PodStatus) []string {
	ips := make([]string, len(status.PodIPs))
	for i := range ips {
		ips[i] = status.PodIPs[i].IP
	}
	return ips
}

func hostIPs(status *corev1.PodStatus) []string {
	ips := make([]string, len(status.HostIPs))
	for i := range ips {
		ips[i] = status.HostIPs[i].IP
	}
	return ips
}

func validateHostIPs(status, old *corev1.PodStatus, p *field.Path) field.ErrorList {
	ips := hostIPs(status)
	if len(ips) == 0 {
		return nil
	}
	var errs field.ErrorList
	if status.HostIP != ips[0] {
		errs = append(errs, field.Invalid(p.Index(0).Child("ip"), ips[0], "must be equal to `hostIP`"))
	}
	return append(errs, validateIPs(ips, hostIPs(old), goform.Of(status.HostIPs), p)...)
}

// validateIPs checks the addresses of a pod or its host, at most one of each IP
// family. Old addresses are valid in any form. quoted is the invalid value that
// errors about the whole list contain.
func validateIPs(ips, old []string, quoted any, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, ip := range ips {
		errs = append(errs, utilvalidation.IsValidIPForLegacyField(p.Index(i), ip, true, old)...)
	}
	if len(ips) < 2 {
		return errs
	}
	dual, err := netutils.IsDualStackIPStrings(ips)
	if err != nil {
		errs = append(errs, field.InternalError(p, fmt.Errorf("failed to check for dual stack with error:%w", err)))
	}
	if !dual || len(ips) > 2 {
		errs = append(errs, field.Invalid(p, quoted, "may specify no more than one IP for each IP family"))
	}
	return errs
}
