package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/utils/ptr"
)

// SetDefaults_Pod sets the defaults that apply to pods but not to pod
// templates. The template of a workload remains as its author wrote it, so that
// it does not seem to have changed when these defaults change.
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

// SetDefaults_PodSpec sets the defaults that apply both to pods and to pod
// templates.
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
	// The deprecated serviceAccount and its replacement serviceAccountName get
	// the same value.
	if obj.ServiceAccountName == "" {
		obj.ServiceAccountName = obj.DeprecatedServiceAccount
	}
	obj.DeprecatedServiceAccount = obj.ServiceAccountName
}

// SetDefaults_PodStatus makes podIP and the first element of podIPs equal. If
// they differ, podIP takes precedence, because kubelets that support only one
// address set only podIP.
func SetDefaults_PodStatus(obj *corev1.PodStatus) {
	switch {
	case obj.PodIP != "" && (len(obj.PodIPs) == 0 || obj.PodIPs[0].IP != obj.PodIP):
		obj.PodIPs = []corev1.PodIP{{IP: obj.PodIP}}
	case obj.PodIP == "" && len(obj.PodIPs) > 0:
		obj.PodIP = obj.PodIPs[0].IP
	}
}

// SetDefaults_ResourceList rounds up quantities to a multiple of 1/1000, which
// is the finest unit that the API supports.
func SetDefaults_ResourceList(obj *corev1.ResourceList) {
	for name, quantity := range *obj {
		quantity.RoundUp(resource.Milli)
		(*obj)[name] = quantity
	}
}

// requestLimits sets the request to the limit for each resource that has a
// limit but no request.
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

// exposeOnHost sets the host ports of a pod that uses the network of the host
// to its container ports.
func exposeOnHost(ports []corev1.ContainerPort) {
	for i := range ports {
		if ports[i].HostPort == 0 {
			ports[i].HostPort = ports[i].ContainerPort
		}
	}
}

// setPodResources sets missing resources of the pod itself according to those
// of its containers. Huge pages cannot be overcommitted: the pod gets the sum
// of the limits of its containers as limit, and its limit as request. For other
// resources, the pod gets the sum of the requests of its containers as request,
// or its own limit if there are none.
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
