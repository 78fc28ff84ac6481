// Package alwayspullimages implements the admission plugin AlwaysPullImages. It
// makes every pod pull its images, so that only those who may pull an image can
// run it, also where the node has it already.
package alwayspullimages

import (
	"context"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "AlwaysPullImages", Off: true, New: func(io.Reader) (admission.Interface, error) {
		pods := corev1.Resource("pods")
		return admission.MutateAndValidate(
			[]admission.Rule{admission.On(pods, admission.Hooks[*corev1.Pod]{Create: pull, Update: ofNewImages(pull)})},
			[]admission.Rule{admission.On(pods, admission.Hooks[*corev1.Pod]{Create: validate, Update: ofNewImages(validate)})}), nil
	}}
}

// ofNewImages returns a hook for updates that leaves pods alone which get no image
// that they do not have.
func ofNewImages(hook func(context.Context, admission.Attributes, *corev1.Pod) error) func(
	context.Context, admission.Attributes, *corev1.Pod, *corev1.Pod) error {
	return func(ctx context.Context, a admission.Attributes, pod, old *corev1.Pod) error {
		known := map[string]bool{}
		for _, image := range imagesOf(old) {
			known[*image.name] = true
		}
		if !slices.ContainsFunc(imagesOf(pod), func(i image) bool { return !known[*i.name] }) {
			return nil
		}
		return hook(ctx, a, pod)
	}
}

// image is a use of an image in a pod.
type image struct {
	name   *string
	policy *corev1.PullPolicy
	path   *field.Path // of the policy
}

func imagesOf(pod *corev1.Pod) []image {
	spec := field.NewPath("spec")
	var images []image
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		images = append(images, image{&c.Image, &c.ImagePullPolicy, spec.Child("initContainers").Index(i).Child("imagePullPolicy")})
	}
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		images = append(images, image{&c.Image, &c.ImagePullPolicy, spec.Child("containers").Index(i).Child("imagePullPolicy")})
	}
	for i := range pod.Spec.EphemeralContainers {
		c := &pod.Spec.EphemeralContainers[i]
		images = append(images, image{&c.Image, &c.ImagePullPolicy, spec.Child("ephemeralContainers").Index(i).Child("imagePullPolicy")})
	}
	for i := range pod.Spec.Volumes {
		if v := pod.Spec.Volumes[i].Image; v != nil {
			images = append(images, image{&v.Reference, &v.PullPolicy, spec.Child("volumes").Index(i).Child("image", "pullPolicy")})
		}
	}
	return images
}

func pull(_ context.Context, _ admission.Attributes, pod *corev1.Pod) error {
	for _, image := range imagesOf(pod) {
		*image.policy = corev1.PullAlways
	}
	return nil
}

// validate refuses what a webhook has changed after this plugin.
func validate(_ context.Context, a admission.Attributes, pod *corev1.Pod) error {
	var errs []error
	for _, image := range imagesOf(pod) {
		if *image.policy != corev1.PullAlways {
			errs = append(errs, field.NotSupported(image.path, *image.policy, []corev1.PullPolicy{corev1.PullAlways}))
		}
	}
	if err := utilerrors.NewAggregate(errs); err != nil {
		return admission.Forbidden(a, "%w", err)
	}
	return nil
}
