package endpoints

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/endpointslice"
	endpointsliceutil "k8s.io/endpointslice/util"
	netutils "k8s.io/utils/net"
)

// subset is what is known about one port: the addresses at which it is open.
type subset = corev1.EndpointSubset

// subsets returns the addresses of the pods of a service. Ports with the same
// addresses are in one subset.
func subsets(service *corev1.Service, pods []*corev1.Pod) []subset {
	var all []subset
	for _, pod := range pods {
		if !endpointsliceutil.ShouldPodBeInEndpoints(pod, service.Spec.PublishNotReadyAddresses) {
			continue
		}
		address, ok := addressOf(service, pod)
		if !ok {
			continue
		}
		ready := service.Spec.PublishNotReadyAddresses || endpointsliceutil.IsPodReady(pod)
		if len(service.Spec.Ports) == 0 {
			if service.Spec.ClusterIP == corev1.ClusterIPNone {
				all = insert(all, nil, address, ready)
			}
			continue
		}
		for i := range service.Spec.Ports {
			port := &service.Spec.Ports[i]
			if number, err := endpointslice.FindPort(pod, port); err == nil {
				all = insert(all, []corev1.EndpointPort{{
					Name: port.Name, Port: int32(number), Protocol: port.Protocol, AppProtocol: port.AppProtocol}}, address, ready)
			}
		}
	}
	return merge(sorted(all))
}

// addressOf returns the address of a pod in the first family of the service.
func addressOf(service *corev1.Service, pod *corev1.Pod) (corev1.EndpointAddress, bool) {
	six := netutils.IsIPv6String(service.Spec.ClusterIP)
	if len(service.Spec.IPFamilies) > 0 {
		six = service.Spec.IPFamilies[0] == corev1.IPv6Protocol
	}
	i := slices.IndexFunc(pod.Status.PodIPs, func(ip corev1.PodIP) bool { return netutils.IsIPv6String(ip.IP) == six })
	if i < 0 {
		return corev1.EndpointAddress{}, false
	}
	address := corev1.EndpointAddress{IP: pod.Status.PodIPs[i].IP, NodeName: &pod.Spec.NodeName, TargetRef: &corev1.ObjectReference{
		Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}}
	if endpointsliceutil.ShouldSetHostname(pod, service) {
		address.Hostname = pod.Spec.Hostname
	}
	return address, true
}

// insert adds an address to the subset with these ports.
func insert(all []subset, ports []corev1.EndpointPort, address corev1.EndpointAddress, ready bool) []subset {
	i := slices.IndexFunc(all, func(s subset) bool { return slices.EqualFunc(s.Ports, ports, samePort) })
	if i < 0 {
		i, all = len(all), append(all, subset{Ports: ports})
	}
	if ready {
		all[i].Addresses = append(all[i].Addresses, address)
	} else {
		all[i].NotReadyAddresses = append(all[i].NotReadyAddresses, address)
	}
	return all
}

// merge puts the ports that have the same addresses into one subset.
func merge(all []subset) (merged []subset) {
	for _, s := range all {
		i := slices.IndexFunc(merged, func(m subset) bool {
			return slices.EqualFunc(m.Addresses, s.Addresses, sameAddress) && slices.EqualFunc(m.NotReadyAddresses, s.NotReadyAddresses, sameAddress)
		})
		if i < 0 {
			merged = append(merged, s)
			continue
		}
		merged[i].Ports = append(merged[i].Ports, s.Ports...)
	}
	return sorted(merged)
}

// sorted returns subsets in a certain order, with all that they contain. It does not
// change the given ones.
func sorted(all []subset) []subset {
	all = slices.Clone(all)
	for i, s := range all {
		all[i] = subset{Ports: slices.Clone(s.Ports), Addresses: slices.Clone(s.Addresses), NotReadyAddresses: slices.Clone(s.NotReadyAddresses)}
		slices.SortFunc(all[i].Ports, comparePorts)
		slices.SortFunc(all[i].Addresses, compareAddresses)
		slices.SortFunc(all[i].NotReadyAddresses, compareAddresses)
	}
	slices.SortStableFunc(all, func(a, b subset) int { return slices.CompareFunc(a.Ports, b.Ports, comparePorts) })
	return all
}

func comparePorts(a, b corev1.EndpointPort) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
}

func samePort(a, b corev1.EndpointPort) bool { return comparePorts(a, b) == 0 }

func compareAddresses(a, b corev1.EndpointAddress) int {
	return cmp.Or(strings.Compare(a.IP, b.IP), strings.Compare(podName(a), podName(b)))
}

func sameAddress(a, b corev1.EndpointAddress) bool { return compareAddresses(a, b) == 0 }

func podName(a corev1.EndpointAddress) string {
	if a.TargetRef == nil {
		return ""
	}
	return a.TargetRef.Name
}

// annotate sets the annotations that tell when the change happened that the Endpoints
// show, and whether addresses were left out.
func annotate(endpoints *corev1.Endpoints, trigger time.Time, truncated bool) {
	set := func(key, value string, wanted bool) {
		if wanted {
			metav1.SetMetaDataAnnotation(&endpoints.ObjectMeta, key, value)
		} else {
			delete(endpoints.Annotations, key)
		}
	}
	set(corev1.EndpointsLastChangeTriggerTime, trigger.UTC().Format(time.RFC3339Nano), !trigger.IsZero())
	set(corev1.EndpointsOverCapacity, "truncated", truncated)
}
