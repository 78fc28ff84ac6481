// Package bootstrapsigner implements the controller that signs the config map
// cluster-info in kube-public with bootstrap tokens. Who has a token, such as a machine
// that is to become a node, can verify with it what the config map says of the cluster.
package bootstrapsigner

import (
	"context"
	"maps"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/cluster-bootstrap/token/jws"
	"k8s.io/cluster-bootstrap/util/secrets"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "bootstrap-signer-controller"

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:       Name,
		Alias:      "bootstrapsigner",
		ByNameOnly: true,
		Needs: []schema.GroupVersionResource{
			corev1.SchemeGroupVersion.WithResource("secrets"), corev1.SchemeGroupVersion.WithResource("configmaps")},
		New: func(d controllers.Deps) *controllers.Loop {
			tokens, configMaps := d.Informers.Core().V1().Secrets(), d.Informers.Core().V1().ConfigMaps()
			s := &signer{
				client: d.Client.CoreV1().ConfigMaps(metav1.NamespacePublic),
				maps:   configMaps.Lister().ConfigMaps(metav1.NamespacePublic),
				tokens: tokens.Lister().Secrets(metav1.NamespaceSystem),
			}
			return &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(tokens.Informer(), isToken), controllers.On(configMaps.Informer(), isInfo)},
				Sync:    s.sync,
			}
		},
	}
}

type signer struct {
	client typedcorev1.ConfigMapInterface
	maps   corelisters.ConfigMapNamespaceLister
	tokens corelisters.SecretNamespaceLister
}

// only is the one key of the queue: there is one config map to sign.
var only = []string{bootstrapapi.ConfigMapClusterInfo}

func isToken(s *corev1.Secret) []string {
	if s.Namespace != metav1.NamespaceSystem || s.Type != bootstrapapi.SecretTypeBootstrapToken {
		return nil
	}
	return only
}

func isInfo(m *corev1.ConfigMap) []string {
	if m.Namespace != metav1.NamespacePublic || m.Name != bootstrapapi.ConfigMapClusterInfo {
		return nil
	}
	return only
}

// sync makes the signatures in the config map those of the tokens that are for signing.
func (s *signer) sync(ctx context.Context, name string) error {
	info, err := s.maps.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	kubeconfig, ok := info.Data[bootstrapapi.KubeConfigKey]
	if !ok {
		return nil
	}
	data := maps.Clone(info.Data)
	maps.DeleteFunc(data, func(key, _ string) bool { return strings.HasPrefix(key, bootstrapapi.JWSSignatureKeyPrefix) })
	tokens, err := s.tokens.List(labels.Everything())
	if err != nil {
		return err
	}
	for _, secret := range tokens {
		id, ok := signing(secret, time.Now())
		if !ok {
			continue
		}
		signature, err := jws.ComputeDetachedSignature(kubeconfig, id, secrets.GetData(secret, bootstrapapi.BootstrapTokenSecretKey))
		if err != nil {
			return err
		}
		data[bootstrapapi.JWSSignatureKeyPrefix+id] = signature
	}
	if maps.Equal(data, info.Data) {
		return nil
	}
	signed := info.DeepCopy()
	signed.Data = data
	_, err = s.client.Update(ctx, signed, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // its events tell the rest
	}
	return err
}

// signing returns the id of a token, and whether the secret is a token to sign with: it
// must be named after its id, and must not have expired.
func signing(secret *corev1.Secret, now time.Time) (id string, ok bool) {
	id, named := secrets.ParseName(secret.Name)
	data := func(key string) string { return secrets.GetData(secret, key) }
	return id, named && secret.Type == bootstrapapi.SecretTypeBootstrapToken && secret.DeletionTimestamp == nil &&
		data(bootstrapapi.BootstrapTokenIDKey) == id && data(bootstrapapi.BootstrapTokenSecretKey) != "" &&
		data(bootstrapapi.BootstrapTokenUsageSigningKey) == "true" && !secrets.HasExpired(secret, now)
}
