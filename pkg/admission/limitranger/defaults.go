package limitranger

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// annotation tells what the plugin has set in a pod. It is kube-apiserver's.
const annotation = "kubernetes.io/limit-ranger"

// setPod sets the requests and limits that the containers lack and a limit range
// has defaults for, and notes it in the annotation.
func setPod(pod *corev1.Pod, limitRange *corev1.LimitRange) {
	var done []string
	for _, bounds := range limitRange.Spec.Limits {
		if bounds.Type != corev1.LimitTypeContainer {
			continue
		}
		for i := range pod.Spec.Containers {
			done = append(done, setContainer(&pod.Spec.Containers[i], "container", &bounds)...)
		}
		for i := range pod.Spec.InitContainers {
			done = append(done, setContainer(&pod.Spec.InitContainers[i], "init container", &bounds)...)
		}
	}
	if len(done) == 0 {
		return
	}
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations[annotation] = "LimitRanger plugin set: " + strings.Join(done, "; ")
}

// setContainer sets what a container lacks. It returns what it has set in words,
// where kind is what to call the container.
func setContainer(container *corev1.Container, kind string, bounds *corev1.LimitRangeItem) []string {
	var done []string
	if names := setMissing(&container.Resources.Requests, bounds.DefaultRequest); names != "" {
		done = append(done, fmt.Sprintf("%s request for %s %s", names, kind, container.Name))
	}
	if names := setMissing(&container.Resources.Limits, bounds.Default); names != "" {
		done = append(done, fmt.Sprintf("%s limit for %s %s", names, kind, container.Name))
	}
	return done
}

// setMissing adds the defaults that a list does not have, and returns their names.
func setMissing(list *corev1.ResourceList, defaults corev1.ResourceList) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(defaults)) {
		if _, found := (*list)[name]; found {
			continue
		}
		if *list == nil {
			*list = corev1.ResourceList{}
		}
		(*list)[name] = defaults[name].DeepCopy()
		names = append(names, string(name))
	}
	return strings.Join(names, ", ")
}
