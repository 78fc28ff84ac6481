// Package serviceaccount implements the admission plugin ServiceAccount. Each
// pod runs with a service account of its namespace. The plugin sets the account
// of a pod that names none, refuses one that does not exist, and gives the pod
// what the account provides: a token for the API server and secrets with which to
// pull images.
package serviceaccount

import (
	"context"
	"io"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// standard is the account of pods that name none. A controller creates it in
// each namespace.
const standard = "default"

// The controller may not have created the account of a new namespace yet, so the
// plugin looks for it so many times, with a pause of one to two times so long.
const (
	attempts = 10
	pause    = 100 * time.Millisecond
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "ServiceAccount",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("serviceaccounts")},
		New:   func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.MutatingAndValidating
	client   kubernetes.Interface
	accounts corelisters.ServiceAccountLister
}

var (
	_ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)
	_ initializer.WantsExternalKubeClientSet       = (*plugin)(nil)
)

// newPlugin returns the plugin. An update can add only ephemeral containers to
// what a pod uses, and these only by their subresource.
func newPlugin() *plugin {
	p := &plugin{}
	pods, ephemeral := corev1.Resource("pods"), corev1.Resource("pods/ephemeralcontainers")
	p.MutatingAndValidating = admission.MutateAndValidate(
		[]admission.Rule{admission.On(pods, admission.Hooks[*corev1.Pod]{Create: p.prepare})},
		[]admission.Rule{
			admission.On(pods, admission.Hooks[*corev1.Pod]{Create: p.validate}),
			admission.On(ephemeral, admission.Hooks[*corev1.Pod]{Update: p.validateEphemeral}),
		})
	return p
}

// SetExternalKubeClientSet implements initializer.WantsExternalKubeClientSet.
func (p *plugin) SetExternalKubeClientSet(client kubernetes.Interface) { p.client = client }

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Core().V1().ServiceAccounts()
	p.accounts = informer.Lister()
	p.WaitFor(informer.Informer())
}

// prepare sets what a pod lacks.
func (p *plugin) prepare(ctx context.Context, a admission.Attributes, pod *corev1.Pod) error {
	if isMirror(pod) {
		return checkMirror(a, pod)
	}
	if pod.Spec.ServiceAccountName == "" {
		pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount = standard, standard
	}
	account, err := p.accountOf(ctx, a, pod)
	if err != nil {
		return err
	}
	if wantsToken(pod, account) {
		mountToken(pod)
	}
	if len(pod.Spec.ImagePullSecrets) == 0 {
		pod.Spec.ImagePullSecrets = slices.Clone(account.ImagePullSecrets)
	}
	return checkSecrets(a, pod, account)
}

// validate checks the pod again, because a webhook may have changed it.
func (p *plugin) validate(ctx context.Context, a admission.Attributes, pod *corev1.Pod) error {
	if isMirror(pod) {
		return checkMirror(a, pod)
	}
	account, err := p.accountOf(ctx, a, pod)
	if err != nil {
		return err
	}
	return checkSecrets(a, pod, account)
}

func (p *plugin) validateEphemeral(ctx context.Context, a admission.Attributes, pod, _ *corev1.Pod) error {
	if isMirror(pod) {
		return nil
	}
	account, err := p.accountOf(ctx, a, pod)
	if err != nil {
		return err
	}
	return checkEphemeral(pod, account)
}

func (p *plugin) accountOf(ctx context.Context, a admission.Attributes, pod *corev1.Pod) (*corev1.ServiceAccount, error) {
	namespace, name := a.GetNamespace(), pod.Spec.ServiceAccountName
	account, err := p.find(ctx, namespace, name)
	if err != nil {
		return nil, admission.Forbidden(a, "error looking up service account %s/%s: %w", namespace, name, err)
	}
	return account, nil
}

// find returns an account. The server is asked for one that the informer does
// not know, because it may be new.
func (p *plugin) find(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	account, err := p.accounts.ServiceAccounts(namespace).Get(name)
	if !apierrors.IsNotFound(err) {
		return account, err
	}
	left, interval := 1, wait.Jitter(pause, 1)
	if name == standard {
		left = attempts
	}
	for {
		account, err = p.client.CoreV1().ServiceAccounts(namespace).Get(ctx, name, metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return account, err
		}
		if left--; left == 0 {
			return nil, apierrors.NewNotFound(corev1.Resource("serviceaccount"), name)
		}
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
