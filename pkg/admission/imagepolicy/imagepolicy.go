// Package imagepolicy implements the admission plugin ImagePolicyWebhook. It asks a
// web service whether the images of a pod may run.
package imagepolicy

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	imagepolicyv1alpha1 "k8s.io/api/imagepolicy/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/cache"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	restclient "k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// auditPrefix begins the keys of the plugin's audit annotations.
const auditPrefix = "imagepolicywebhook.image-policy.k8s.io/"

// cacheSize is how many answers are remembered.
const cacheSize = 1024

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "ImagePolicyWebhook", Off: true, New: func(config io.Reader) (admission.Interface, error) {
		p, err := newPlugin(config)
		if err != nil {
			return nil, err
		}
		return admission.Validate(
			admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{Create: p.validate, Update: p.validateChanged}),
			admission.On(corev1.Resource("pods/ephemeralcontainers"), admission.Hooks[*corev1.Pod]{Update: p.validateEphemeral})), nil
	}}
}

type plugin struct {
	settings
	webhook *webhookutil.GenericWebhook
	// answers has an ImageReviewStatus for each spec, as JSON.
	answers *cache.LRUExpireCache
}

func newPlugin(config io.Reader) (*plugin, error) {
	s, err := readConfig(config)
	if err != nil {
		return nil, err
	}
	client, err := webhookutil.LoadKubeconfig(s.KubeConfigFile, nil)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := imagepolicyv1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	backoff := webhookutil.DefaultRetryBackoffWithInitialDelay(s.backoff)
	hook, err := webhookutil.NewGenericWebhook(scheme, serializer.NewCodecFactory(scheme), client,
		[]schema.GroupVersion{imagepolicyv1alpha1.SchemeGroupVersion}, backoff)
	if err != nil {
		return nil, err
	}
	return &plugin{settings: s, webhook: hook, answers: cache.NewLRUExpireCache(cacheSize)}, nil
}

// validate asks for all images of a new pod.
func (p *plugin) validate(ctx context.Context, a admission.Attributes, pod *corev1.Pod) error {
	return p.check(ctx, a, pod, imagesOf(pod))
}

// validateChanged asks again when a pod gets other images.
func (p *plugin) validateChanged(ctx context.Context, a admission.Attributes, pod, old *corev1.Pod) error {
	known := map[string]bool{}
	for _, image := range imagesOf(old) {
		known[image.Image] = true
	}
	for _, image := range imagesOf(pod) {
		if !known[image.Image] {
			return p.validate(ctx, a, pod)
		}
	}
	return nil
}

// validateEphemeral asks for the images of the ephemeral containers only.
func (p *plugin) validateEphemeral(ctx context.Context, a admission.Attributes, pod, _ *corev1.Pod) error {
	var images []imagepolicyv1alpha1.ImageReviewContainerSpec
	for _, c := range pod.Spec.EphemeralContainers {
		images = append(images, imagepolicyv1alpha1.ImageReviewContainerSpec{Image: c.Image})
	}
	return p.check(ctx, a, pod, images)
}

func imagesOf(pod *corev1.Pod) []imagepolicyv1alpha1.ImageReviewContainerSpec {
	var images []imagepolicyv1alpha1.ImageReviewContainerSpec
	for _, containers := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range containers {
			images = append(images, imagepolicyv1alpha1.ImageReviewContainerSpec{Image: containers[i].Image})
		}
	}
	return images
}

func (p *plugin) check(ctx context.Context, a admission.Attributes, pod *corev1.Pod, images []imagepolicyv1alpha1.ImageReviewContainerSpec) error {
	spec := imagepolicyv1alpha1.ImageReviewSpec{Containers: images, Namespace: a.GetNamespace()}
	for key, value := range pod.Annotations {
		if strings.Contains(key, ".image-policy.k8s.io/") {
			if spec.Annotations == nil {
				spec.Annotations = map[string]string{}
			}
			spec.Annotations[key] = value
		}
	}
	status, err := p.ask(ctx, spec)
	if err != nil {
		if !p.DefaultAllow {
			return admission.Forbidden(a, "%w", err)
		}
		annotate(ctx, a, "failed-open", "true")
		return nil
	}
	for key, value := range status.AuditAnnotations {
		annotate(ctx, a, key, value)
	}
	switch {
	case status.Allowed:
		return nil
	case status.Reason == "":
		return admission.Forbidden(a, "one or more images rejected by webhook backend")
	}
	return admission.Forbidden(a, "image policy webhook backend denied one or more images: %s", status.Reason)
}

// ask returns the answer of the backend, or one that is remembered.
func (p *plugin) ask(ctx context.Context, spec imagepolicyv1alpha1.ImageReviewSpec) (imagepolicyv1alpha1.ImageReviewStatus, error) {
	var status imagepolicyv1alpha1.ImageReviewStatus
	key, err := json.Marshal(spec)
	if err != nil {
		return status, err
	}
	if answer, found := p.answers.Get(string(key)); found {
		return answer.(imagepolicyv1alpha1.ImageReviewStatus), nil
	}
	result := p.webhook.WithExponentialBackoff(ctx, func() restclient.Result {
		return p.webhook.RestClient.Post().Body(&imagepolicyv1alpha1.ImageReview{Spec: spec}).Do(ctx)
	})
	if err := result.Error(); err != nil {
		return status, err
	}
	var code int
	if result.StatusCode(&code); code < 200 || code >= 300 {
		return status, errors.New("image policy webhook backend answered with an unexpected status code")
	}
	var review imagepolicyv1alpha1.ImageReview
	if err := result.Into(&review); err != nil {
		return status, err
	}
	p.answers.Add(string(key), review.Status, p.ttl(review.Status.Allowed))
	return review.Status, nil
}

// ttl returns how long an answer is remembered.
func (p *plugin) ttl(allowed bool) time.Duration {
	if allowed {
		return p.allow
	}
	return p.deny
}

// annotate adds an audit annotation. One that cannot be added is no reason to
// refuse a pod.
func annotate(ctx context.Context, a admission.Attributes, key, value string) {
	if err := a.AddAnnotation(auditPrefix+key, value); err != nil {
		klog.FromContext(ctx).Info("an audit annotation of the image policy is lost", "key", key, "err", err)
	}
}
