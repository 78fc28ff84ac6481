package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/utils/ptr"
)

// SetDefaults_Pod sets the defaults that apply to pods and not to the templates of pods: a controller's template stays
// as its author wrote it, so that it does not look changed when these defaults change.
func SetDefaults_Pod(obj *corev1.Pod) {
	spec := &obj.Spec
	for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range containers {
			requestLimits(&containers[i].Resources)
			if spec.HostNetwork {
				exposeOnHost(containers[i].Ports)
			}
		}
	}
	if spec.Resources != nil && (len(spec.Resources.Limits) > 0 || len(spec.Resources.Requests) > 0) {
		setPodResources(obj)
	}
	if spec.EnableServiceLinks == nil {
		spec.EnableServiceLinks = ptr.To(corev1.DefaultEnableServiceLinks)
	}
}

// SetDefaults_PodSpec sets the defaults that pods share with the templates of pods.
func SetDefaults_PodSpec(obj *corev1.PodSpec) {
	if obj.RestartPolicy == "" {
		obj.RestartPolicy = corev1.RestartPolicyAlways
	}
	if obj.DNSPolicy == "" {
		obj.DNSPolicy = corev1.DNSClusterFirst
	}
	if obj.SecurityContext == nil {
		obj.SecurityContext = &corev1.PodSecurityContext{}
	}
	if obj.TerminationGracePeriodSeconds == nil {
		obj.TerminationGracePeriodSeconds = ptr.To[int64](corev1.DefaultTerminationGracePeriodSeconds)
	}
	if obj.SchedulerName == "" {
		obj.SchedulerName = corev1.DefaultSchedulerName
	}
	// The old name of the field follows the new one.
	if obj.ServiceAccountName == "" {
		obj.ServiceAccountName = obj.DeprecatedServiceAccount
	}
	obj.DeprecatedServiceAccount = obj.ServiceAccountName
}

// SetDefaults_PodStatus makes podIP and the first of podIPs agree. Kubelets that know only one address write podIP, so
// that wins.
func SetDefaults_PodStatus(obj *corev1.PodStatus) {
	switch {
	case obj.PodIP != "" && (len(obj.PodIPs) == 0 || obj.PodIPs[0].IP != obj.PodIP):
		obj.PodIPs = []corev1.PodIP{{IP: obj.PodIP}}
	case obj.PodIP == "" && len(obj.PodIPs) > 0:
		obj.PodIP = obj.PodIPs[0].IP
	}
}

// SetDefaults_ResourceList rounds up to thousandths, the finest unit that the API keeps.
func SetDefaults_ResourceList(obj *corev1.ResourceList) {
	for name, quantity := range *obj {
		quantity.RoundUp(resource.Milli)
		(*obj)[name] = quantity
	}
}

// requestLimits requests as much as the limit of each resource that is limited only.
func requestLimits(r *corev1.ResourceRequirements) {
	for name, limit := range r.Limits {
		request(r, name, limit)
	}
}

func request(r *corev1.ResourceRequirements, name corev1.ResourceName, quantity resource.Quantity) {
	if _, ok := r.Requests[name]; ok {
		return
	}
	if r.Requests == nil {
		r.Requests = corev1.ResourceList{}
	}
	r.Requests[name] = quantity.DeepCopy()
}

// exposeOnHost gives the ports of a pod in the host's network the same number on the host.
func exposeOnHost(ports []corev1.ContainerPort) {
	for i := range ports {
		if ports[i].HostPort == 0 {
			ports[i].HostPort = ports[i].ContainerPort
		}
	}
}

// setPodResources completes the resources of the pod as a whole from those of its containers: huge pages, which
// cannot be overcommitted, are limited to what the containers may use, and requested up to that limit; of the rest the
// pod requests what its containers do, or else its own limit.
func setPodResources(pod *corev1.Pod) {
	own := pod.Spec.Resources
	containersOnly := resourcehelper.PodResourcesOptions{SkipPodLevelResources: true}
	for name, limit := range resourcehelper.AggregateContainerLimits(pod, containersOnly) {
		if _, ok := own.Limits[name]; ok || !isHugePages(name) {
			continue
		}
		if own.Limits == nil {
			own.Limits = corev1.ResourceList{}
		}
		own.Limits[name] = limit.DeepCopy()
	}
	for name, quantity := range resourcehelper.AggregateContainerRequests(pod, containersOnly) {
		if resourcehelper.IsSupportedPodLevelResource(name) && !isHugePages(name) {
			request(own, name, quantity)
		}
	}
	for name, limit := range own.Limits {
		if resourcehelper.IsSupportedPodLevelResource(name) {
			request(own, name, limit)
		}
	}
}
