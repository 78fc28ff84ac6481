package volume

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// The volume sources in this file have feature gates. If a gate is disabled,
// DropDisabledFields removes its source before the validation.

// trustBundle checks a source that projects trust anchors: either the bundle
// with a given name, or all bundles of a signer that a selector matches.
func (pr projector) trustBundle(s *corev1.ClusterTrustBundleProjection, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch {
	case s.Name != nil && s.SignerName != nil:
		errs = append(errs, field.Invalid(p, goform.Of(s), "only one of name and signerName may be used"))
	case s.Name != nil:
		errs = append(errs, validateBundleName(*s.Name, p.Child("name"))...)
		if s.LabelSelector != nil {
			errs = append(errs, field.Invalid(p.Child("labelSelector"), s.LabelSelector, "labelSelector must be unset if name is specified"))
		}
	case s.SignerName != nil:
		errs = append(errs, validateSignerName(*s.SignerName, p.Child("signerName"))...)
		errs = append(errs, metav1validation.ValidateLabelSelector(s.LabelSelector,
			metav1validation.LabelSelectorValidationOptions{}, p.Child("labelSelector"))...)
	default:
		errs = append(errs, field.Required(p, "either name or signerName must be specified"))
	}
	return append(errs, pr.file(s.Path, true, p.Child("path"))...)
}

// certificate checks a source that requests a certificate and projects it and
// its key, into one file or two.
func (pr projector) certificate(s *corev1.PodCertificateProjection, p *field.Path) field.ErrorList {
	errs := validateSignerName(s.SignerName, p.Child("signerName"))
	if s.KeyType == "" {
		errs = append(errs, field.Required(p.Child("keyType"), ""))
	} else {
		errs = append(errs, metavalidation.ValidateOneOf(s.KeyType, p.Child("keyType"), "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096")...)
	}
	errs = append(errs, validateLifetime(s, p.Child("maxExpirationSeconds"))...)
	if s.CredentialBundlePath == "" && s.KeyPath == "" && s.CertificateChainPath == "" {
		errs = append(errs, field.Required(p, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"))
	}
	annotations := p.Child("userAnnotations")
	errs = append(errs, validation.ValidateAnnotations(s.UserAnnotations, annotations)...)
	for key := range s.UserAnnotations {
		if !strings.Contains(key, "/") {
			errs = append(errs, field.Invalid(annotations, key, "must be domain-prefixed"))
		}
	}
	return join(errs,
		pr.file(s.CredentialBundlePath, false, p.Child("credentialBundlePath")),
		pr.file(s.KeyPath, false, p.Child("keyPath")),
		pr.file(s.CertificateChainPath, false, p.Child("certificateChainPath")),
	)
}

func validateLifetime(s *corev1.PodCertificateProjection, p *field.Path) field.ErrorList {
	const shortest, day, longest = 3600, 86400, 91 * 86400 // seconds
	if s.MaxExpirationSeconds == nil {
		return field.ErrorList{field.Required(p, "")}
	}
	limit := int32(longest)
	if domain, _, _ := strings.Cut(s.SignerName, "/"); domain == "kubernetes.io" {
		limit = day
	}
	if n := *s.MaxExpirationSeconds; n < shortest || n > limit {
		return field.ErrorList{field.Invalid(p, n, fmt.Sprintf("must be in the range [%d, %d]", shortest, limit))}
	}
	return nil
}

// file checks the path of a file. It must be unique across all sources of the
// volume.
func (pr projector) file(path string, mandatory bool, p *field.Path) field.ErrorList {
	if path == "" {
		if mandatory {
			return field.ErrorList{field.Required(p, "")}
		}
		return nil
	}
	return append(validateLocalNonReservedPath(path, p), pr.claim(path, path)...)
}

// validateBundleName checks the name of a ClusterTrustBundle, which may have
// the name of its signer as prefix.
func validateBundleName(name string, p *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(p, "must be a valid object name")}
	}
	var errs field.ErrorList
	for _, msg := range apivalidation.NameIsDNSSubdomain(name[strings.LastIndex(name, ":")+1:], false) {
		errs = append(errs, field.Invalid(p, name, msg))
	}
	return errs
}

// validateSignerName checks that the name of a signer has the form domain/name.
func validateSignerName(name string, p *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(p, "must be a valid signer name")}
	}
	domain, path, ok := strings.Cut(name, "/")
	if !ok || strings.Contains(path, "/") {
		return field.ErrorList{field.Invalid(p, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")}
	}
	return join(
		validation.ValidateDNS1123Subdomain(domain, p),
		validation.ValidateDNS1123Subdomain(path, p),
	)
}
