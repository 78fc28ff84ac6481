package certificates

import (
	"context"
	"io"
	"slices"

	certificatesv1 "k8s.io/api/certificates/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/certificates/certificatesigningrequest"
)

type request = *certificatesv1.CertificateSigningRequest

// Approval returns the entry of CertificateApproval for the list of plugins. Only
// who may "approve" for the signer of a request may write its approval, even if
// nothing changes.
func Approval() admission.Plugin {
	return entry("CertificateApproval", func(p *signersPlugin) admission.Rule {
		return admission.On(certificatesv1.Resource("certificatesigningrequests/approval"), admission.Hooks[request]{
			Update: func(ctx context.Context, a admission.Attributes, _, old request) error {
				return p.need(ctx, a, "approve", old)
			}})
	})
}

// Signing returns the entry of CertificateSigning for the list of plugins. Only who
// may "sign" for the signer of a request may change its certificate and the
// conditions.
func Signing() admission.Plugin {
	return entry("CertificateSigning", func(p *signersPlugin) admission.Rule {
		return admission.On(certificatesv1.Resource("certificatesigningrequests/status"), admission.Hooks[request]{
			Update: func(ctx context.Context, a admission.Attributes, r, old request) error {
				if apiequality.Semantic.DeepEqual(r.Status, old.Status) {
					return nil
				}
				return p.need(ctx, a, "sign", old)
			}})
	})
}

// need refuses a request of a user who lacks the verb for the signer of the stored
// object. An update cannot choose another signer.
func (p *signersPlugin) need(ctx context.Context, a admission.Attributes, verb string, old request) error {
	if p.may(ctx, a, verb, old.Spec.SignerName) {
		return nil
	}
	return admission.Forbidden(a, "user not permitted to %s requests with signerName %q", verb, old.Spec.SignerName)
}

// SubjectRestriction returns the entry of CertificateSubjectRestriction for the
// list of plugins. It refuses requests for client certificates of the group
// system:masters: its members may do everything, and nobody can take it away while
// such a certificate is valid.
func SubjectRestriction() admission.Plugin {
	return admission.Plugin{Name: "CertificateSubjectRestriction", New: func(io.Reader) (admission.Interface, error) {
		return admission.Validate(admission.On(certificatesv1.Resource("certificatesigningrequests"),
			admission.Hooks[request]{Create: checkSubject})), nil
	}}
}

func checkSubject(_ context.Context, a admission.Attributes, r request) error {
	if r.Spec.SignerName != certificatesv1.KubeAPIServerClientSignerName {
		return nil
	}
	parsed, err := certificatesigningrequest.ParseRequest(r.Spec.Request)
	if err != nil {
		return admission.Forbidden(a, "failed to parse CSR: %w", err)
	}
	if slices.Contains(parsed.Subject.Organization, user.SystemPrivilegedGroup) {
		return admission.Forbidden(a, "use of %s signer with %s group is not allowed", r.Spec.SignerName, user.SystemPrivilegedGroup)
	}
	return nil
}
