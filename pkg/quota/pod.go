package quota

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	apiadmission "k8s.io/apiserver/pkg/admission"
	apiquota "k8s.io/apiserver/pkg/quota/v1"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// These precede the name of a resource in the names that limit what pods request,
// and what they are limited to.
const (
	requestsPrefix = corev1.ResourceName(corev1.DefaultResourceRequestsPrefix)
	limitsPrefix   = corev1.ResourceName("limits.")
)

// newPods returns the evaluator of pods: their number, and the resources that they
// request and are limited to.
func newPods(listers Listers) apiquota.Evaluator {
	pods := corev1.SchemeGroupVersion.WithResource("pods")
	return &evaluator[*corev1.Pod]{
		resource:      pods.GroupResource(),
		list:          listers(pods),
		handlesUpdate: handlesPodUpdate,
		matching: func(names []corev1.ResourceName) []corev1.ResourceName {
			return among(names, func(name corev1.ResourceName) bool {
				return name == corev1.ResourcePods || name == counted(pods.GroupResource()) || isUsedByPods(name)
			})
		},
		inScope:     podInScope,
		constraints: podConstraints,
		usage: func(pod *corev1.Pod) (corev1.ResourceList, error) {
			used := corev1.ResourceList{counted(pods.GroupResource()): count(1)}
			if !hasEnded(pod, time.Now()) {
				used[corev1.ResourcePods] = count(1)
				maps.Copy(used, podCompute(pod))
			}
			return used, nil
		},
	}
}

// handlesPodUpdate is true for changes of the resources, and for those that give a
// pod a deadline and thus move it to the scope Terminating.
func handlesPodUpdate(a apiadmission.Attributes) bool {
	if a.GetSubresource() != "" {
		return a.GetSubresource() == "resize"
	}
	pod, isPod := a.GetObject().(*corev1.Pod)
	old, wasPod := a.GetOldObject().(*corev1.Pod)
	return isPod && wasPod && pod.Spec.ActiveDeadlineSeconds != nil && old.Spec.ActiveDeadlineSeconds == nil
}

// hasEnded reports whether nothing of the pod runs any more. A pod on a lost node is
// taken for ended when it has not gone in twice its grace period.
func hasEnded(pod *corev1.Pod, now time.Time) bool {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return true
	}
	if pod.DeletionTimestamp == nil || pod.DeletionGracePeriodSeconds == nil {
		return false
	}
	grace := time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second
	return now.After(pod.DeletionTimestamp.Add(grace))
}

// isUsedByPods reports whether a quota that names the resource limits what pods
// request or are limited to.
func isUsedByPods(name corev1.ResourceName) bool {
	if resource, ok := strings.CutPrefix(string(name), string(limitsPrefix)); ok {
		return isNodeResource(corev1.ResourceName(resource))
	}
	resource, ok := strings.CutPrefix(string(name), string(requestsPrefix))
	if isNodeResource(corev1.ResourceName(resource)) || validation.IsHugePageResourceName(corev1.ResourceName(resource)) {
		return true
	}
	return ok && isExtended(corev1.ResourceName(resource))
}

// isNodeResource reports whether this is a resource that every node has.
func isNodeResource(name corev1.ResourceName) bool {
	return name == corev1.ResourceCPU || name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage
}

// isExtended reports whether this is a resource that some nodes have. The devices of
// a class can be requested as a resource, too.
func isExtended(name corev1.ResourceName) bool {
	return validation.IsExtendedResourceName(name) || strings.HasPrefix(string(name), resourcev1.ResourceDeviceClassPrefix)
}

// podCompute returns what a pod requests and is limited to, under all the names that
// a quota can have for it. While a pod is being resized, it uses the largest of what
// is requested, granted and in place.
func podCompute(pod *corev1.Pod) corev1.ResourceList {
	used := corev1.ResourceList{}
	options := resourcehelper.PodResourcesOptions{UseStatusResources: true}
	for name, quantity := range resourcehelper.PodRequests(pod, options) {
		if isNodeResource(name) || validation.IsHugePageResourceName(name) {
			used[name], used[requestsPrefix+name] = quantity, quantity
		} else if isExtended(name) {
			used[requestsPrefix+name] = quantity
		}
	}
	for name, quantity := range resourcehelper.PodLimits(pod, options) {
		if isNodeResource(name) {
			used[limitsPrefix+name] = quantity
		}
	}
	return used
}

// podConstraints makes all containers say how much CPU and memory they need if a
// quota limits it, unless the pod says it for all of them.
func podConstraints(limited []corev1.ResourceName, pod *corev1.Pod) error {
	if resourcehelper.IsPodLevelResourcesSet(pod) {
		return nil
	}
	var missing []string
	for _, name := range slices.Sorted(slices.Values(limited)) {
		var containers []string
		for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			if !specifies(&container.Resources, name) {
				containers = append(containers, container.Name)
			}
		}
		if len(containers) > 0 {
			slices.Sort(containers)
			missing = append(missing, fmt.Sprintf("%s for: %s", name, strings.Join(containers, ",")))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("must specify %s", strings.Join(missing, "; "))
	}
	return nil
}

// specifies is true if a container says how much it uses of what a quota limits by
// the name, or need not say it.
func specifies(resources *corev1.ResourceRequirements, name corev1.ResourceName) (ok bool) {
	switch name {
	case corev1.ResourceCPU, corev1.ResourceRequestsCPU:
		_, ok = resources.Requests[corev1.ResourceCPU]
	case corev1.ResourceMemory, corev1.ResourceRequestsMemory:
		_, ok = resources.Requests[corev1.ResourceMemory]
	case corev1.ResourceLimitsCPU:
		_, ok = resources.Limits[corev1.ResourceCPU]
	case corev1.ResourceLimitsMemory:
		_, ok = resources.Limits[corev1.ResourceMemory]
	default:
		ok = true
	}
	return ok
}
