package quota

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
)

type deviceClass = resourcev1.DeviceClass

func TestServiceUsage(t *testing.T) {
	const service = "count/services=1 services=1"
	for _, test := range []struct{ name, spec, want string }{
		{"cluster IP", "{ports: [{port: 1}]}", service},
		{"node ports", "{type: NodePort, ports: [{port: 1}, {port: 2}]}", service + " services.nodeports=2"},
		{"load balancer", "{type: LoadBalancer, ports: [{port: 1}]}", service + " services.loadbalancers=1 services.nodeports=1"},
		{"load balancer with few node ports", "{type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{port: 1}, {port: 2, nodePort: 30000}]}",
			service + " services.loadbalancers=1 services.nodeports=1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkUsage(t, evaluatorOf(t, "", "services"), parse[corev1.Service](t, "{spec: "+test.spec+"}"), test.want)
		})
	}
}

func TestVolumeClaimUsage(t *testing.T) {
	const claim = "count/persistentvolumeclaims=1 "
	for _, test := range []struct{ name, claim, want string }{
		{"without class", "{spec: {resources: {requests: {storage: 1Gi}}}}", claim + "persistentvolumeclaims=1 requests.storage=1Gi"},
		{"of a class", "{spec: {storageClassName: gold, resources: {requests: {storage: 1Gi}}}}",
			claim + "gold.storageclass.storage.k8s.io/persistentvolumeclaims=1 " +
				"gold.storageclass.storage.k8s.io/requests.storage=1Gi persistentvolumeclaims=1 requests.storage=1Gi"},
		{"without size", "{spec: {}}", claim + "persistentvolumeclaims=1"},
		{"allocated more", "{spec: {resources: {requests: {storage: 1Gi}}}, status: {allocatedResources: {storage: 2Gi}}}",
			claim + "persistentvolumeclaims=1 requests.storage=2Gi"},
		{"allocated less", "{spec: {resources: {requests: {storage: 3Gi}}}, status: {allocatedResources: {storage: 2Gi}}}",
			claim + "persistentvolumeclaims=1 requests.storage=3Gi"},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkUsage(t, evaluatorOf(t, "", "persistentvolumeclaims"), parse[corev1.PersistentVolumeClaim](t, test.claim), test.want)
		})
	}
}

func TestVolumeClaimScopes(t *testing.T) {
	const none, empty, silver = "{spec: {}}", `{spec: {volumeAttributesClassName: ""}}`, "{spec: {volumeAttributesClassName: silver}}"
	const changing = "{spec: {volumeAttributesClassName: silver}, " +
		"status: {currentVolumeAttributesClassName: gold, modifyVolumeStatus: {targetVolumeAttributesClassName: tin}}}"
	for _, test := range []struct {
		claim    string
		operator corev1.ScopeSelectorOperator
		values   []string
		want     bool
	}{
		{none, "Exists", nil, false},
		{empty, "Exists", nil, false},
		{silver, "Exists", nil, true},
		{none, "DoesNotExist", nil, true},
		{changing, "DoesNotExist", nil, false},
		{silver, "In", []string{"silver"}, true},
		{changing, "In", []string{"gold"}, true},
		{changing, "In", []string{"tin"}, true},
		{changing, "In", []string{"lead"}, false},
		{none, "NotIn", []string{"silver"}, true},
		{silver, "NotIn", []string{"silver"}, false},
		{changing, "NotIn", []string{"silver", "gold"}, true},
		{changing, "NotIn", []string{"silver", "gold", "tin"}, false},
	} {
		t.Run(fmt.Sprintf("%s %v %s", test.operator, test.values, test.claim), func(t *testing.T) {
			scope := selector{ScopeName: corev1.ResourceQuotaScopeVolumeAttributesClass, Operator: test.operator, Values: test.values}
			got, err := evaluatorOf(t, "", "persistentvolumeclaims").MatchingScopes(parse[corev1.PersistentVolumeClaim](t, test.claim), []selector{scope})
			if err != nil || (len(got) == 1) != test.want {
				t.Errorf("%v %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestDeviceClaimUsage(t *testing.T) {
	fast := parse[deviceClass](t, "{metadata: {name: fast}, spec: {extendedResourceName: a.com/gpu}}")
	pod := parse[corev1.Pod](t, "{metadata: {namespace: ns, name: p, uid: u}, spec: {containers: [{name: c, resources: {requests: {a.com/gpu: 2}}}]}}")
	other := parse[corev1.Pod](t, "{metadata: {namespace: ns, name: q, uid: v}, spec: {containers: [{name: c, resources: {requests: {a.com/gpu: 2}}}]}, "+
		"status: {extendedResourceClaimStatus: {resourceClaimName: its-claim}}}")
	const claim = "count/resourceclaims.resource.k8s.io=1"
	owned := func(pod, uid string) string {
		return fmt.Sprintf("{metadata: {namespace: ns, name: r, annotations: {resource.kubernetes.io/extended-resource-claim: 'true'}, ownerReferences: "+
			"[{apiVersion: v1, kind: Pod, name: %s, uid: %s, controller: true}]}, "+
			"spec: {devices: {requests: [{name: a, exactly: {deviceClassName: fast, count: 3}}]}}}", pod, uid)
	}
	extended := func(n, extended int) string {
		return fmt.Sprintf("%s fast.deviceclass.resource.k8s.io/devices=%d requests.a.com/gpu=%d requests.deviceclass.resource.kubernetes.io/fast=%d",
			claim, n, extended, n)
	}
	for _, test := range []struct{ name, claim, want string }{
		{"no devices", "{}", claim},
		{"plain class", "{spec: {devices: {requests: [{name: a, exactly: {deviceClassName: slow, count: 2}}]}}}",
			claim + " requests.deviceclass.resource.kubernetes.io/slow=2 slow.deviceclass.resource.k8s.io/devices=2"},
		{"class with an extended resource", "{spec: {devices: {requests: [{name: a, exactly: {deviceClassName: fast, count: 2}}]}}}", extended(2, 2)},
		{"all devices and one", "{spec: {devices: {requests: [{name: a, exactly: {deviceClassName: fast, allocationMode: All}}, " +
			"{name: b, exactly: {deviceClassName: fast, count: 1}}]}}}",
			extended(33, 33)},
		{"alternatives", "{spec: {devices: {requests: [{name: a, firstAvailable: [{name: x, deviceClassName: fast, count: 2}, " +
			"{name: y, deviceClassName: fast, count: 4}]}]}}}",
			extended(4, 4)},
		{"for a pod", owned("p", "u"), extended(3, 1)},
		{"for an earlier pod", owned("p", "old"), extended(3, 3)},
		{"for a pod that is gone", owned("gone", "u"), extended(3, 3)},
		{"for a pod with another claim", owned("q", "v"), extended(3, 3)},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := evaluatorOf(t, "resource.k8s.io", "resourceclaims", fast, pod, other)
			checkUsage(t, e, parse[resourcev1.ResourceClaim](t, test.claim), test.want)
		})
	}
}
