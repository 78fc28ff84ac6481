package certificates

import (
	"context"

	certificatesv1 "k8s.io/api/certificates/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type bundle = *certificatesv1.ClusterTrustBundle

// Attest returns the entry of ClusterTrustBundleAttest for the list of plugins.
// Only who may "attest" for a signer may create or change the bundles of root
// certificates for it. A bundle without a signer needs no more than the right to
// write it.
func Attest() admission.Plugin {
	return entry("ClusterTrustBundleAttest", func(p *signersPlugin) admission.Rule {
		return admission.On(certificatesv1.Resource("clustertrustbundles"), admission.Hooks[bundle]{
			Create: p.attest,
			Update: func(ctx context.Context, a admission.Attributes, b, old bundle) error {
				if registry.OnlyForGarbageCollection(b, old) {
					return nil
				}
				return p.attest(ctx, a, b)
			}})
	})
}

func (p *signersPlugin) attest(ctx context.Context, a admission.Attributes, b bundle) error {
	if signer := b.Spec.SignerName; signer != "" && !p.may(ctx, a, "attest", signer) {
		return admission.Forbidden(a, "user not permitted to attest for signerName %q", signer)
	}
	return nil
}
