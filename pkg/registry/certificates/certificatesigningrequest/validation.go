package certificatesigningrequest

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"

	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	certificatesvalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/certificates/validation"
)

// minExpirationSeconds is the shortest time that can be asked for.
const minExpirationSeconds = 600

var specPath = field.NewPath("spec")

var usages = sets.New(
	certificatesv1.UsageSigning, certificatesv1.UsageDigitalSignature, certificatesv1.UsageContentCommitment,
	certificatesv1.UsageKeyEncipherment, certificatesv1.UsageKeyAgreement, certificatesv1.UsageDataEncipherment,
	certificatesv1.UsageCertSign, certificatesv1.UsageCRLSign, certificatesv1.UsageEncipherOnly,
	certificatesv1.UsageDecipherOnly, certificatesv1.UsageAny, certificatesv1.UsageServerAuth,
	certificatesv1.UsageClientAuth, certificatesv1.UsageCodeSigning, certificatesv1.UsageEmailProtection,
	certificatesv1.UsageSMIME, certificatesv1.UsageIPsecEndSystem, certificatesv1.UsageIPsecTunnel,
	certificatesv1.UsageIPsecUser, certificatesv1.UsageTimestamping, certificatesv1.UsageOCSPSigning,
	certificatesv1.UsageMicrosoftSGC, certificatesv1.UsageNetscapeSGC,
)

// validate checks a new request. Its spec cannot be changed, so that updates do
// not check it again: what v1beta1 once accepted stays as it is.
func validate(_ context.Context, r object) field.ErrorList {
	spec, errs := &r.Spec, field.ErrorList(nil)
	if err := checkRequest(spec.Request); err != nil {
		errs = append(errs, field.Invalid(specPath.Child("request"), spec.Request, err.Error()))
	}
	errs = append(errs, validateUsages(spec.Usages, specPath.Child("usages"))...)
	if spec.SignerName == certificatesv1beta1.LegacyUnknownSignerName {
		errs = append(errs, field.Invalid(specPath.Child("signerName"), spec.SignerName, "the legacy signerName is not allowed via this API version"))
	} else {
		errs = append(errs, certificatesvalidation.ValidateSignerName(spec.SignerName, specPath.Child("signerName"))...)
	}
	if seconds := spec.ExpirationSeconds; seconds != nil && *seconds < minExpirationSeconds {
		errs = append(errs, field.Invalid(specPath.Child("expirationSeconds"), *seconds, "may not specify a duration less than 600 seconds (10 minutes)"))
	}
	return errs
}

// checkRequest checks that the request is one, signed with the key that it is for.
func checkRequest(data []byte) error {
	request, err := ParseRequest(data)
	if err != nil {
		return err
	}
	return request.CheckSignature()
}

// ParseRequest reads the first PEM block, which must be a PKCS#10 request. What
// follows the block is not read.
func ParseRequest(data []byte) (*x509.CertificateRequest, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, errors.New("PEM block type must be CERTIFICATE REQUEST")
	}
	return x509.ParseCertificateRequest(block.Bytes)
}

func validateUsages(list []certificatesv1.KeyUsage, p *field.Path) (errs field.ErrorList) {
	if len(list) == 0 {
		return field.ErrorList{field.Required(p, "")}
	}
	for i, usage := range list {
		if !usages.Has(usage) {
			errs = append(errs, field.NotSupported(p.Index(i), usage, sets.List(usages)))
		}
	}
	seen := sets.Set[certificatesv1.KeyUsage]{}
	for i, usage := range list {
		if seen.Has(usage) {
			errs = append(errs, field.Duplicate(p.Index(i), usage))
		}
		seen.Insert(usage)
	}
	return errs
}
