// Package selected finds the services that select a pod.
package selected

import (
	corev1 "k8s.io/api/core/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	corelisters "k8s.io/client-go/listers/core/v1"
	endpointsliceutil "k8s.io/endpointslice/util"
)

// Services returns a function that returns the keys of the services whose endpoints may
// change with a pod. Of a pod that is new, the old one is nil, and of a pod that has
// been deleted the new one.
func Services(services corelisters.ServiceLister) func(old, pod *corev1.Pod) []string {
	return func(old, pod *corev1.Pod) []string {
		keys, err := endpointsliceutil.GetServicesToUpdate(services, endpointsliceutil.GetPodUpdateProjectionKey(old, pod))
		if err != nil {
			utilruntime.HandleError(err)
		}
		return keys.UnsortedList()
	}
}
