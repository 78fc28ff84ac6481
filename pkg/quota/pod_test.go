package quota

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestPodUsage(t *testing.T) {
	const pod = "count/pods=1 "
	for _, test := range []struct{ name, pod, want string }{
		{"nothing", "{spec: {containers: [{name: c}]}}", pod + "pods=1"},
		{"requests and limits", "{spec: {containers: [{name: c, resources: {requests: {cpu: 1, memory: 10, ephemeral-storage: 7}, " +
			"limits: {cpu: 2, memory: 20, ephemeral-storage: 9}}}]}}",
			pod + "cpu=1 ephemeral-storage=7 limits.cpu=2 limits.ephemeral-storage=9 limits.memory=20 memory=10 pods=1 " +
				"requests.cpu=1 requests.ephemeral-storage=7 requests.memory=10"},
		{"huge pages", "{spec: {containers: [{name: c, resources: {requests: {hugepages-2Mi: 4Mi}, limits: {hugepages-2Mi: 4Mi}}}]}}",
			pod + "hugepages-2Mi=4Mi pods=1 requests.hugepages-2Mi=4Mi"},
		{"extended resources", "{spec: {containers: [{name: c, resources: {requests: {a.com/gpu: 2, deviceclass.resource.kubernetes.io/fast: 3}}}]}}",
			pod + "pods=1 requests.a.com/gpu=2 requests.deviceclass.resource.kubernetes.io/fast=3"},
		{"init container", "{spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}], initContainers: [{name: i, resources: {requests: {cpu: 5}}}]}}",
			pod + "cpu=5 pods=1 requests.cpu=5"},
		{"sidecar", "{spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}], " +
			"initContainers: [{name: i, restartPolicy: Always, resources: {requests: {cpu: 5}}}]}}",
			pod + "cpu=6 pods=1 requests.cpu=6"},
		{"overhead", "{spec: {overhead: {cpu: 100m}, containers: [{name: c, resources: {requests: {cpu: 1}}}]}}", pod + "cpu=1100m pods=1 requests.cpu=1100m"},
		{"the pod's own", "{spec: {resources: {requests: {cpu: 3}, limits: {cpu: 4}}, " +
			"containers: [{name: c, resources: {requests: {cpu: 1, memory: 5}}}]}}",
			pod + "cpu=3 limits.cpu=4 memory=5 pods=1 requests.cpu=3 requests.memory=5"},
		{"resize", "{spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}]}, " +
			"status: {containerStatuses: [{name: c, allocatedResources: {cpu: 2}, resources: {requests: {cpu: 3}}}]}}",
			pod + "cpu=3 pods=1 requests.cpu=3"},
		{"infeasible resize", "{spec: {containers: [{name: c, resources: {requests: {cpu: 9}}}]}, " +
			"status: {conditions: [{type: PodResizePending, reason: Infeasible}], " +
			"containerStatuses: [{name: c, allocatedResources: {cpu: 2}, resources: {requests: {cpu: 2}}}]}}", pod + "cpu=2 pods=1 requests.cpu=2"},
		{"succeeded", "{spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}]}, status: {phase: Succeeded}}", "count/pods=1"},
		{"failed", "{spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}]}, status: {phase: Failed}}", "count/pods=1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkUsage(t, evaluatorOf(t, "", "pods"), parse[corev1.Pod](t, test.pod), test.want)
		})
	}
}

func TestHasEnded(t *testing.T) {
	now := time.Now()
	ago := func(d time.Duration) *metav1.Time { return &metav1.Time{Time: now.Add(-d)} }
	for _, test := range []struct {
		name    string
		deleted *metav1.Time
		grace   *int64
		want    bool
	}{
		{"runs", nil, nil, false},
		{"within the grace period", ago(-time.Second), ptr.To[int64](30), false},
		{"after the grace period", ago(20 * time.Second), ptr.To[int64](30), false},
		{"long after the grace period", ago(31 * time.Second), ptr.To[int64](30), true},
		{"without grace period", ago(time.Hour), nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: test.deleted, DeletionGracePeriodSeconds: test.grace}}
			if got := hasEnded(pod, now); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestPodConstraints(t *testing.T) {
	limited := []corev1.ResourceName{"requests.memory", "limits.cpu", "cpu", "pods", "ephemeral-storage", "memory", "requests.cpu", "limits.memory"}
	for _, test := range []struct{ name, pod, want string }{
		{"nothing", "{spec: {containers: [{name: c}]}}",
			"must specify cpu for: c; limits.cpu for: c; limits.memory for: c; memory for: c; requests.cpu for: c; requests.memory for: c"},
		{"several containers", "{spec: {initContainers: [{name: i}], containers: [{name: b, resources: {requests: {memory: 1}, limits: {cpu: 1, memory: 1}}}, " +
			"{name: a, resources: {requests: {memory: 1}, limits: {cpu: 1}}}]}}",
			"must specify cpu for: a,b,i; limits.cpu for: i; limits.memory for: a,i; memory for: i; requests.cpu for: a,b,i; requests.memory for: i"},
		{"everything", "{spec: {containers: [{name: c, resources: {requests: {cpu: 0, memory: 1}, limits: {cpu: 0, memory: 1}}}]}}", "<nil>"},
		{"the pod's own", "{spec: {resources: {limits: {cpu: 1}}, containers: [{name: c}]}}", "<nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := fmt.Sprint(evaluatorOf(t, "", "pods").Constraints(limited, parse[corev1.Pod](t, test.pod))); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

func TestPodScopes(t *testing.T) {
	const affinity = "{spec: {affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{podAffinityTerm: {%s}}]}}}}"
	const deadline, high = "{spec: {activeDeadlineSeconds: 0}}", "{spec: {priorityClassName: high}}"
	const cpu = "{spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}]}}"
	for _, test := range []struct {
		pod   string
		scope selector
		want  bool
	}{
		{deadline, selector{ScopeName: "Terminating", Operator: "Exists"}, true},
		{cpu, selector{ScopeName: "Terminating", Operator: "Exists"}, false},
		{deadline, selector{ScopeName: "NotTerminating", Operator: "Exists"}, false},
		{deadline, selector{ScopeName: "BestEffort", Operator: "Exists"}, true},
		{cpu, selector{ScopeName: "BestEffort", Operator: "Exists"}, false},
		{cpu, selector{ScopeName: "NotBestEffort", Operator: "Exists"}, true},
		{high, selector{ScopeName: "PriorityClass", Operator: "Exists"}, true},
		{high, selector{ScopeName: "PriorityClass", Operator: "DoesNotExist"}, false},
		{cpu, selector{ScopeName: "PriorityClass", Operator: "DoesNotExist"}, true},
		{high, selector{ScopeName: "PriorityClass", Operator: "In", Values: []string{"low", "high"}}, true},
		{high, selector{ScopeName: "PriorityClass", Operator: "NotIn", Values: []string{"low", "high"}}, false},
		{cpu, selector{ScopeName: "PriorityClass", Operator: "In", Values: []string{"low"}}, false},
		{cpu, selector{ScopeName: "PriorityClass", Operator: "NotIn", Values: []string{"low"}}, true},
		{fmt.Sprintf(affinity, "topologyKey: a"), selector{ScopeName: "CrossNamespacePodAffinity", Operator: "Exists"}, false},
		{fmt.Sprintf(affinity, "namespaces: [own]"), selector{ScopeName: "CrossNamespacePodAffinity", Operator: "Exists"}, true},
		{fmt.Sprintf(affinity, "namespaceSelector: {}"), selector{ScopeName: "CrossNamespacePodAffinity", Operator: "Exists"}, true},
		{cpu, selector{ScopeName: "VolumeAttributesClass", Operator: "DoesNotExist"}, false},
	} {
		t.Run(fmt.Sprintf("%s %s %s", test.scope.ScopeName, test.scope.Operator, test.pod), func(t *testing.T) {
			got, err := evaluatorOf(t, "", "pods").MatchingScopes(parse[corev1.Pod](t, test.pod), []selector{test.scope})
			if err != nil || (len(got) == 1) != test.want {
				t.Errorf("%v %v, want %v", got, err, test.want)
			}
		})
	}
}
