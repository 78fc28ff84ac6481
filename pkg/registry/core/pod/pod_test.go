package pod

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
)

func TestSummarize(t *testing.T) {
	waiting := func(reason string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
	}
	ended := func(t corev1.ContainerStateTerminated) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &t}
	}
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	status := func(state corev1.ContainerState, ready bool, restarts int32) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: "c", State: state, Ready: ready, RestartCount: restarts}
	}
	two := corev1.PodSpec{Containers: make([]corev1.Container, 2)}
	sidecar := corev1.PodSpec{Containers: make([]corev1.Container, 1), InitContainers: []corev1.Container{
		{Name: "c", RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)}, {Name: "i"}}}

	for name, c := range map[string]struct {
		pod                   corev1.Pod
		ready, reason, counts string
	}{
		"new": {corev1.Pod{Spec: two, Status: corev1.PodStatus{Phase: "Pending"}}, "0/2", "Pending", "0"},
		"runs": {corev1.Pod{Spec: two,
			Status: corev1.PodStatus{Phase: "Running", ContainerStatuses: []corev1.ContainerStatus{status(running, true, 1), status(running, true, 2)}}}, "2/2",
			"Running", "3"},
		"crashes": {corev1.Pod{Spec: two, Status: corev1.PodStatus{Phase: "Running", ContainerStatuses: []corev1.ContainerStatus{
			{State: waiting("CrashLoopBackOff"), RestartCount: 5,
				LastTerminationState: ended(corev1.ContainerStateTerminated{FinishedAt: metav1.NewTime(time.Now().Add(-3 * time.Minute))})},
			status(running, true, 0)}}}, "1/2", "CrashLoopBackOff", "5 (3m ago)"},
		"one completed": {corev1.Pod{Spec: two, Status: corev1.PodStatus{Phase: "Running", ContainerStatuses: []corev1.ContainerStatus{
			status(ended(corev1.ContainerStateTerminated{Reason: "Completed"}), false, 0), status(running, true, 0)}}}, "1/2", "NotReady", "0"},
		"exit code": {corev1.Pod{Spec: two, Status: corev1.PodStatus{Phase: "Failed", ContainerStatuses: []corev1.ContainerStatus{
			status(ended(corev1.ContainerStateTerminated{ExitCode: 7}), false, 0)}}}, "0/2", "ExitCode:7", "0"},
		"init fails": {corev1.Pod{Spec: corev1.PodSpec{Containers: two.Containers, InitContainers: make([]corev1.Container, 1)},
			Status: corev1.PodStatus{Phase: "Pending",
				InitContainerStatuses: []corev1.ContainerStatus{status(ended(corev1.ContainerStateTerminated{ExitCode: 3, Signal: 9}), false, 3)}}}, "0/2", "Init:Signal:9",
			"3"},
		"sidecar, then init": {corev1.Pod{Spec: sidecar, Status: corev1.PodStatus{Phase: "Pending", InitContainerStatuses: []corev1.ContainerStatus{
			{Name: "c", State: running, Ready: true, Started: ptr.To(true), RestartCount: 2}, {Name: "i", State: running}}}}, "1/2", "Init:1/2", "2"},
		"evicted": {corev1.Pod{Spec: two, Status: corev1.PodStatus{Phase: "Failed", Reason: "Evicted"}}, "0/2", "Evicted", "0"},
		"gated": {corev1.Pod{Spec: two, Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: "PodScheduled", Reason: "SchedulingGated"}}}}, "0/2",
			"SchedulingGated", "0"},
		"terminating": {corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}, Spec: two, Status: corev1.PodStatus{Phase: "Running"}}, "0/2",
			"Terminating", "0"},
		"lost": {corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}, Spec: two, Status: corev1.PodStatus{Reason: "NodeLost"}}, "0/2",
			"Unknown", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := summarize(&c.pod)
			if s.readyCell() != c.ready || s.reason != c.reason || s.restartsCell() != c.counts {
				t.Errorf("got %s, %s, %s", s.readyCell(), s.reason, s.restartsCell())
			}
		})
	}
}

func TestPrepareForCreate(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"hash": "1"},
			Annotations: map[string]string{"container.apparmor.security.beta.kubernetes.io/c": "localhost/p"}},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "c"}}, TerminationGracePeriodSeconds: ptr.To[int64](-5), SchedulingGates: []corev1.PodSchedulingGate{{Name: "g"}},
			Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				LabelSelector: &metav1.LabelSelector{}, MismatchLabelKeys: []string{"hash", "none"}}}}},
		},
		Status: corev1.PodStatus{Phase: "Running", PodIP: "192.0.2.1"},
	}
	prepareForCreate(context.Background(), pod)
	if s := pod.Status; s.Phase != "Pending" || s.PodIP != "" || s.QOSClass != "BestEffort" || s.Conditions[0].Reason != "SchedulingGated" {
		t.Errorf("status %+v", s)
	}
	if *pod.Spec.TerminationGracePeriodSeconds != 1 || *pod.Spec.Containers[0].SecurityContext.AppArmorProfile.LocalhostProfile != "p" {
		t.Errorf("spec %+v", pod.Spec)
	}
	merged := pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].LabelSelector.MatchExpressions
	if len(merged) != 1 || merged[0].Key != "hash" || merged[0].Operator != "NotIn" || merged[0].Values[0] != "1" {
		t.Errorf("selector %+v", merged)
	}
}

func TestPrepareSubresources(t *testing.T) {
	old := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Generation: 3}, Spec: corev1.PodSpec{NodeName: "n", Containers: []corev1.Container{{Name: "c", Image: "i"}}},
		Status: corev1.PodStatus{QOSClass: "BestEffort"}}
	changed := func() *corev1.Pod {
		pod := old.DeepCopy()
		pod.Labels = map[string]string{"a": "b"}
		pod.Spec.Containers[0].Image = "other"
		pod.Spec.Containers[0].ResizePolicy = []corev1.ContainerResizePolicy{{ResourceName: "cpu"}}
		pod.Spec.EphemeralContainers = make([]corev1.EphemeralContainer, 1)
		pod.Status = corev1.PodStatus{Phase: "Running"}
		return pod
	}
	ctx := context.Background()
	pod := changed()
	if New(connect.Needs{}).PrepareChange(ctx, "status", pod, old); pod.Spec.Containers[0].Image != "i" || pod.Status.Phase != "Running" ||
		pod.Status.QOSClass != "BestEffort" || pod.Labels["a"] != "b" {
		t.Errorf("status: %+v", pod)
	}
	pod = changed()
	if New(connect.Needs{}).PrepareChange(ctx, "ephemeralcontainers", pod, old); pod.Spec.Containers[0].Image != "i" || len(pod.Spec.EphemeralContainers) != 1 ||
		pod.Labels != nil || pod.Generation != 4 {
		t.Errorf("ephemeralcontainers: %+v", pod)
	}
	pod = changed()
	if New(connect.Needs{}).PrepareChange(ctx, "resize", pod, old); pod.Spec.Containers[0].Image != "i" || pod.Spec.Containers[0].ResizePolicy == nil ||
		pod.Spec.EphemeralContainers != nil || pod.Generation != 4 {
		t.Errorf("resize: %+v", pod)
	}
	pod = changed()
	if New(connect.Needs{}).PrepareChange(ctx, "", pod, old); pod.Spec.Containers[0].Image != "other" || pod.Status.Phase != "" || pod.Generation != 4 {
		t.Errorf("update: %+v", pod)
	}
}

func TestDeleteGracefully(t *testing.T) {
	for name, c := range map[string]struct {
		node  string
		phase corev1.PodPhase
		asked *int64
		want  int64
	}{
		"as the pod says":    {"n", "Running", nil, 30},
		"as asked":           {"n", "Running", ptr.To[int64](5), 5},
		"negative":           {"n", "Running", ptr.To[int64](-5), 1},
		"not on a node":      {"", "Pending", ptr.To[int64](5), 0},
		"has ended long ago": {"n", "Failed", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: corev1.PodSpec{NodeName: c.node, TerminationGracePeriodSeconds: ptr.To[int64](30)}, Status: corev1.PodStatus{Phase: c.phase}}
			options := &metav1.DeleteOptions{GracePeriodSeconds: c.asked}
			if !deleteGracefully(context.Background(), pod, options) || *options.GracePeriodSeconds != c.want {
				t.Errorf("got %v", options)
			}
		})
	}
}

func TestBind(t *testing.T) {
	pod := &corev1.Pod{Status: corev1.PodStatus{NominatedNodeName: "m", Conditions: []corev1.PodCondition{{Type: "PodScheduled", Status: "False"}}}}
	if err := whyUnassignable(pod); err != nil {
		t.Fatal(err)
	}
	bind(pod, &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"a": "b"}}, Target: corev1.ObjectReference{Name: "n"}})
	if pod.Spec.NodeName != "n" || pod.Annotations["a"] != "b" || pod.Status.NominatedNodeName != "" || pod.Status.Conditions[0].Status != "True" {
		t.Errorf("got %+v", pod)
	}
	if err := whyUnassignable(pod); err == nil || err.Error() != `pod  is already assigned to node "n"` {
		t.Errorf("got %v", err)
	}
}

func TestAllow(t *testing.T) {
	budget := func(allowed int32) *policyv1.PodDisruptionBudget {
		return &policyv1.PodDisruptionBudget{Status: policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: allowed, DesiredHealthy: 2, CurrentHealthy: 2}}
	}
	one := budget(1)
	if err := allow(one, "p"); err != nil || one.Status.DisruptionsAllowed != 0 || len(one.Status.DisruptedPods) != 1 || len(one.Status.Conditions) != 1 {
		t.Errorf("got %v, %+v", err, one.Status)
	}
	if err := allow(budget(0), "p"); !apierrors.IsTooManyRequests(err) {
		t.Errorf("got %v", err)
	}
	if err := allow(budget(-1), "p"); !apierrors.IsForbidden(err) {
		t.Errorf("got %v", err)
	}
	stale := budget(1)
	stale.Generation = 2
	if err := allow(stale, "p"); !apierrors.IsTooManyRequests(err) {
		t.Errorf("got %v", err)
	}
}

func TestContainerOf(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a"}, {Name: "b"}}, InitContainers: []corev1.Container{{Name: "i"}}}}
	for name, want := range map[string]string{
		"i": "",
		"b": "",
		"x": "container x is not valid for pod p",
		"":  "a container name must be specified for pod p, choose one of: [i a b]",
	} {
		if _, err := containerOf(pod, name); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%q: got %v", name, err)
		}
	}
	if got, err := containerOf(&corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a"}}}}, ""); got != "a" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
