package alwayspullimages

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

func pod(image string, policy corev1.PullPolicy) *corev1.Pod {
	return &corev1.Pod{Spec: corev1.PodSpec{
		InitContainers: []corev1.Container{{Image: image, ImagePullPolicy: policy}},
		Containers:     []corev1.Container{{Image: "same", ImagePullPolicy: policy}},
		Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "same", PullPolicy: policy}}},
			{Name: "another"}}}}
}

func request(pod, old *corev1.Pod, operation apiadmission.Operation) apiadmission.Attributes {
	return apiadmission.NewAttributesRecord(pod, old, schema.GroupVersionKind{}, "ns", "p",
		corev1.SchemeGroupVersion.WithResource("pods"), "", operation, nil, false, nil)
}

func TestPull(t *testing.T) {
	plugin, err := Plugin().New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		pod, old *corev1.Pod
		want     corev1.PullPolicy
	}{
		{"new pod", pod("a", corev1.PullNever), nil, corev1.PullAlways},
		{"new image", pod("b", corev1.PullNever), pod("a", corev1.PullNever), corev1.PullAlways},
		{"the same images", pod("a", corev1.PullNever), pod("a", corev1.PullNever), corev1.PullNever},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := request(test.pod, nil, apiadmission.Create)
			if test.old != nil {
				a = request(test.pod, test.old, apiadmission.Update)
			}
			if err := plugin.(apiadmission.MutationInterface).Admit(t.Context(), a, nil); err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(imagesOf(test.pod), func(i image) bool { return *i.policy != test.want }) {
				t.Errorf("%+v", test.pod.Spec)
			}
			if err := plugin.(apiadmission.ValidationInterface).Validate(t.Context(), a, nil); err != nil {
				t.Error(err)
			}
		})
	}
	err = plugin.(apiadmission.ValidationInterface).Validate(t.Context(), request(pod("a", corev1.PullNever), nil, apiadmission.Create), nil)
	if err == nil {
		t.Error("a pod that was changed after the plugin is admitted")
	}
}
