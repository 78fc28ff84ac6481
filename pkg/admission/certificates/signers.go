// Package certificates implements the admission plugins CertificateApproval,
// CertificateSigning, CertificateSubjectRestriction and ClusterTrustBundleAttest.
// They decide who may act for a signer of certificates: to write an object is not
// enough, the user needs a verb on the signer as well (KEP-1513, KEP-3257).
package certificates

import (
	"context"
	"io"
	"strings"

	certificatesv1 "k8s.io/api/certificates/v1"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// signersPlugin is a plugin that asks what a user may do with a signer.
type signersPlugin struct {
	*admission.Validating
	authorizer authorizer.Authorizer
}

var _ initializer.WantsAuthorizer = (*signersPlugin)(nil)

// SetAuthorizer implements initializer.WantsAuthorizer.
func (p *signersPlugin) SetAuthorizer(a authorizer.Authorizer) { p.authorizer = a }

// entry returns the entry of a signersPlugin for the list of plugins. rule makes
// its rule.
func entry(name string, rule func(*signersPlugin) admission.Rule) admission.Plugin {
	return admission.Plugin{Name: name, New: func(io.Reader) (admission.Interface, error) {
		p := &signersPlugin{}
		p.Validating = admission.Validate(rule(p))
		return p, nil
	}}
}

// may reports whether the user of a request may do something with a signer, such
// as example.com/dev, or with all signers of its domain: example.com/*. Nothing is
// ever stored as the resource "signers"; only rules name it.
func (p *signersPlugin) may(ctx context.Context, a admission.Attributes, verb, signer string) bool {
	domain, _, _ := strings.Cut(signer, "/")
	for _, name := range []string{signer, domain + "/*"} {
		decision, _, err := p.authorizer.Authorize(ctx, authorizer.AttributesRecord{
			User: a.GetUserInfo(), Verb: verb, Name: name, ResourceRequest: true,
			APIGroup: certificatesv1.GroupName, APIVersion: "*", Resource: "signers"})
		if err == nil && decision == authorizer.DecisionAllow {
			return true
		}
	}
	return false
}
