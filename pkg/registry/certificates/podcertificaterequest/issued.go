package podcertificaterequest

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

const (
	// maxChain is the longest chain of certificates, in bytes.
	maxChain = 100 * 1024
	// maxSkew is how far the begin of a certificate may be from the time at which
	// the signer answers.
	maxSkew = 5 * time.Minute
	// refreshMargin is the time between the begin of the refresh and either end of
	// the certificate's lifetime.
	refreshMargin = 10 * time.Minute
)

var chainPath = statusPath.Child("certificateChain")

// validateIssued checks the certificate and that the times in the status are its
// own. The first mistake is reported.
func validateIssued(r object) field.ErrorList {
	leaf, errs := validateChain(r)
	if len(errs) > 0 {
		return errs
	}
	if errs := validateTimesPresent(&r.Status); len(errs) > 0 {
		return errs
	}
	return validateTimes(r, leaf)
}

// validateChain returns the certificate for the requested key, which comes first
// in the chain.
func validateChain(r object) (*x509.Certificate, field.ErrorList) {
	chain := r.Status.CertificateChain
	invalid := func(detail string) (*x509.Certificate, field.ErrorList) {
		return nil, field.ErrorList{field.Invalid(chainPath, chain, detail)}
	}
	if len(chain) > maxChain {
		return nil, field.ErrorList{field.TooLong(chainPath, chain, maxChain)}
	}
	block, rest := pem.Decode([]byte(chain))
	if block == nil {
		return invalid("issued certificate chain must contain at least one certificate")
	}
	if block.Type != "CERTIFICATE" {
		return invalid("issued certificate chain must consist entirely of CERTIFICATE PEM blocks")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return invalid("leaf certificate does not parse as valid X.509")
	}
	key, errs := requestedKey(&r.Spec)
	if len(errs) > 0 {
		return nil, errs
	}
	if !key.Equal(leaf.PublicKey) {
		return invalid("leaf certificate was not issued to the requested public key")
	}
	for block, rest = pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			// Spelt as by kube-apiserver.
			return invalid("issued certificate chain must consist entirely of CERTFICATE PEM blocks")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return invalid("intermediate certificate does not parse as valid X.509")
		}
	}
	return leaf, nil
}

func validateTimesPresent(status *certificatesv1beta1.PodCertificateRequestStatus) (errs field.ErrorList) {
	if status.NotBefore == nil {
		errs = append(errs, field.Required(statusPath.Child("notBefore"), "must be present and consistent with the issued certificate"))
	}
	if status.NotAfter == nil {
		errs = append(errs, field.Required(statusPath.Child("notAfter"), "must be present and consistent with the issued certificate"))
	}
	if status.BeginRefreshAt == nil {
		errs = append(errs, field.Required(statusPath.Child("beginRefreshAt"), "must be present and in the range [notbefore+10min, notafter-10min]"))
	}
	return errs
}

func validateTimes(r object, leaf *x509.Certificate) field.ErrorList {
	status := &r.Status
	lifetime, longest := leaf.NotAfter.Sub(leaf.NotBefore), ptr.Deref(r.Spec.MaxExpirationSeconds, 0)
	var err *field.Error
	switch {
	case !status.NotBefore.Time.Equal(leaf.NotBefore):
		err = field.Invalid(statusPath.Child("notBefore"), status.NotBefore, "must be set to the NotBefore time encoded in the leaf certificate")
	case time.Since(status.NotBefore.Time).Abs() > maxSkew:
		err = field.Invalid(statusPath.Child("notBefore"), status.NotBefore, "must be set to within 5 minutes of kube-apiserver's current time")
	case !status.NotAfter.Time.Equal(leaf.NotAfter):
		err = field.Invalid(statusPath.Child("notAfter"), status.NotAfter, "must be set to the NotAfter time encoded in the leaf certificate")
	case lifetime < minExpirationSeconds*time.Second:
		err = field.Invalid(chainPath, lifetime, "leaf certificate lifetime must be >= 1 hour")
	case lifetime > time.Duration(longest)*time.Second:
		err = field.Invalid(chainPath, lifetime, fmt.Sprintf("leaf certificate lifetime must be <= spec.maxExpirationSeconds (%d)", longest))
	case status.BeginRefreshAt.Sub(status.NotBefore.Time) < refreshMargin:
		err = field.Invalid(statusPath.Child("beginRefreshAt"), status.BeginRefreshAt, "must be at least 10 minutes after status.notBefore")
	case status.NotAfter.Sub(status.BeginRefreshAt.Time) < refreshMargin:
		err = field.Invalid(statusPath.Child("beginRefreshAt"), status.BeginRefreshAt, "must be at least 10 minutes before status.notAfter")
	default:
		return nil
	}
	return field.ErrorList{err}
}
