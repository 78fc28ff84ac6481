// Package podstatus changes the status of pods on behalf of controllers.
package podstatus

import (
	"context"
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// Ended reports whether the containers of a pod have ended for good.
func Ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// Condition returns the condition of a pod with this type, or nil.
func Condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	i := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == kind })
	if i < 0 {
		return nil
	}
	return &pod.Status.Conditions[i]
}

// Fail sets the phase of a pod to Failed, and a condition unless it is nil.
func Fail(ctx context.Context, client typedcorev1.PodsGetter, pod *corev1.Pod, condition *corev1.PodCondition) error {
	status := map[string]any{"phase": corev1.PodFailed, "observedGeneration": pod.Generation}
	if condition != nil {
		status["conditions"] = []any{change(pod, *condition)}
	}
	return patch(ctx, client, pod, status)
}

// SetCondition sets a condition of a pod.
func SetCondition(ctx context.Context, client typedcorev1.PodsGetter, pod *corev1.Pod, condition corev1.PodCondition) error {
	return patch(ctx, client, pod, map[string]any{"conditions": []any{change(pod, condition)}})
}

// change returns what a patch has to contain for a condition. The time of the last
// transition is now if the status changes.
func change(pod *corev1.Pod, wanted corev1.PodCondition) map[string]any {
	c := map[string]any{"type": wanted.Type, "status": wanted.Status, "observedGeneration": pod.Generation, "reason": nil, "message": nil}
	if wanted.Reason != "" {
		c["reason"] = wanted.Reason
	}
	if wanted.Message != "" {
		c["message"] = wanted.Message
	}
	if old := Condition(pod, wanted.Type); old == nil || old.Status != wanted.Status {
		c["lastTransitionTime"] = metav1.Now()
	}
	return c
}

// patch changes the status of a pod, unless it is another pod with the same name by now.
func patch(ctx context.Context, client typedcorev1.PodsGetter, pod *corev1.Pod, status map[string]any) error {
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID}, "status": status})
	if err != nil {
		return err
	}
	_, err = client.Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, body, metav1.PatchOptions{}, "status")
	return err
}
