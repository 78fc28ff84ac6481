// Package trustbundle implements the controller that publishes the certificates with
// which clients verify the server as a ClusterTrustBundle (KEP-3257).
package trustbundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	certificatesv1 "k8s.io/api/certificates/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcertificatesv1 "k8s.io/client-go/kubernetes/typed/certificates/v1"
	certificateslisters "k8s.io/client-go/listers/certificates/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "kube-apiserver-serving-clustertrustbundle-publisher-controller"

// signer is the signer of the bundles that this controller publishes.
const signer = "kubernetes.io/kube-apiserver-serving"

// digest is the number of bytes of the digest of the certificates in the name of a bundle.
const digest = 12

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Needs: []schema.GroupVersionResource{certificatesv1.SchemeGroupVersion.WithResource("clustertrustbundles")},
		New: func(d controllers.Deps) *controllers.Loop {
			bundles := d.Informers.Certificates().V1().ClusterTrustBundles()
			p := &publisher{client: d.Client.CertificatesV1().ClusterTrustBundles(), bundles: bundles.Lister(), ca: d.RootCA}
			return &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(bundles.Informer(), ofSigner)},
				First:   []string{signer},
				Sync:    p.sync,
			}
		},
	}
}

type publisher struct {
	client  typedcertificatesv1.ClusterTrustBundleInterface
	bundles certificateslisters.ClusterTrustBundleLister
	ca      func() ([]byte, error)
}

// ofSigner returns the one key of the queue for a bundle of the signer.
func ofSigner(b *certificatesv1.ClusterTrustBundle) []string {
	if b.Spec.SignerName != signer {
		return nil
	}
	return []string{signer}
}

// sync publishes the certificates, and deletes all other bundles of the signer.
func (p *publisher) sync(ctx context.Context, _ string) error {
	ca, err := p.ca()
	if err != nil {
		return fmt.Errorf("reading the CA: %w", err)
	}
	wanted := Bundle(ca)
	if err := p.publish(ctx, wanted); err != nil {
		return err
	}
	all, err := p.bundles.List(labels.Everything())
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.Spec.SignerName == signer && b.Name != wanted.Name {
			if err := p.client.Delete(ctx, b.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
				return err
			}
		}
	}
	return nil
}

// Bundle returns the bundle with the certificates, in PEM.
func Bundle(ca []byte) *certificatesv1.ClusterTrustBundle {
	sum := sha256.Sum256(ca)
	return &certificatesv1.ClusterTrustBundle{
		ObjectMeta: metav1.ObjectMeta{Name: strings.ReplaceAll(signer, "/", ":") + ":" + hex.EncodeToString(sum[:digest])},
		Spec:       certificatesv1.ClusterTrustBundleSpec{SignerName: signer, TrustBundle: string(ca)},
	}
}

// publish creates a bundle, or makes its certificates right.
func (p *publisher) publish(ctx context.Context, wanted *certificatesv1.ClusterTrustBundle) error {
	published, err := p.bundles.Get(wanted.Name)
	switch {
	case apierrors.IsNotFound(err):
		_, err = p.client.Create(ctx, wanted, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil // its events tell the rest
		}
		return err
	case err != nil || published.Spec.TrustBundle == wanted.Spec.TrustBundle:
		return err
	}
	changed := published.DeepCopy()
	changed.Spec.TrustBundle = wanted.Spec.TrustBundle
	_, err = p.client.Update(ctx, changed, metav1.UpdateOptions{})
	return err
}
