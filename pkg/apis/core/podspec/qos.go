package podspec

import (
	corev1 "k8s.io/api/core/v1"
)

// QOSClass returns the quality of service class of a pod. It is Guaranteed if
// limits for CPU and memory are set everywhere and the requests are equal to
// them, BestEffort if there are neither requests nor limits, and Burstable
// otherwise. Only CPU and memory count.
func QOSClass(pod *corev1.Pod) corev1.PodQOSClass {
	demands := demandsOf(&pod.Spec)
	guaranteed, some := true, false
	for _, r := range demands {
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			request, limit := r.Requests[name], r.Limits[name]
			some = some || request.Sign() > 0 || limit.Sign() > 0
			guaranteed = guaranteed && limit.Sign() > 0 && request.Cmp(limit) == 0
		}
	}
	switch {
	case !some:
		return corev1.PodQOSBestEffort
	case guaranteed:
		return corev1.PodQOSGuaranteed
	}
	return corev1.PodQOSBurstable
}

// demandsOf returns the resources of the pod itself if they are set, and
// otherwise those of its containers.
func demandsOf(spec *corev1.PodSpec) []corev1.ResourceRequirements {
	if r := spec.Resources; r != nil {
		return []corev1.ResourceRequirements{*r}
	}
	var demands []corev1.ResourceRequirements
	for _, containers := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
		for i := range containers {
			demands = append(demands, containers[i].Resources)
		}
	}
	return demands
}
