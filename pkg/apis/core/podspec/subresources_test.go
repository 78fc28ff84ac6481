package podspec

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func TestBindingAndLogs(t *testing.T) {
	expect(t, ValidatePodBinding(&corev1.Binding{Target: corev1.ObjectReference{Name: "n"}}))
	expect(t, ValidatePodBinding(&corev1.Binding{Target: corev1.ObjectReference{Kind: "Pod"}}),
		`target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"`, "target.name: Required value")
	expect(t, ValidatePodLogOptions(&corev1.PodLogOptions{TailLines: ptr.To[int64](-1), LimitBytes: ptr.To[int64](0), SinceSeconds: ptr.To[int64](0)}),
		"tailLines: Invalid value: -1: must be greater than or equal to 0", "limitBytes: Invalid value: 0: must be greater than 0",
		"sinceSeconds: Invalid value: 0: must be greater than 0")
}
