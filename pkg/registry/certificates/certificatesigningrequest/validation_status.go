package certificatesigningrequest

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var (
	conditionsPath  = field.NewPath("status", "conditions")
	certificatePath = field.NewPath("status", "certificate")
)

// decisions and outcomes are the conditions that stay once they have been added.
// Each of them says something only with the status True.
var (
	decisions = []conditionType{certificatesv1.CertificateApproved, certificatesv1.CertificateDenied}
	outcomes  = []conditionType{certificatesv1.CertificateApproved, certificatesv1.CertificateDenied, certificatesv1.CertificateFailed}
)

// validateStatusUpdate checks what a signer writes: it does not decide.
func validateStatusUpdate(_ context.Context, r, old object) field.ErrorList {
	errs := validateStatus(r, old)
	before, after := old.Status.Conditions, r.Status.Conditions
	for _, t := range outcomes {
		switch {
		case count(after, t) < count(before, t):
			errs = append(errs, errRemoved(t))
		case count(after, t) > count(before, t) && slices.Contains(decisions, t):
			errs = append(errs, field.Forbidden(conditionsPath, fmt.Sprintf("updates may not add a condition of type %q", t)))
		}
	}
	if len(old.Status.Certificate) > 0 && !bytes.Equal(r.Status.Certificate, old.Status.Certificate) {
		errs = append(errs, field.Forbidden(certificatePath, "updates may not modify existing certificate content"))
	}
	return errs
}

// validateApprovalUpdate checks what somebody writes who decides. The certificate
// has been kept.
func validateApprovalUpdate(_ context.Context, r, old object) field.ErrorList {
	errs := validateStatus(r, old)
	for _, t := range outcomes {
		if count(r.Status.Conditions, t) < count(old.Status.Conditions, t) {
			errs = append(errs, errRemoved(t))
		}
	}
	return errs
}

func errRemoved(t conditionType) *field.Error {
	return field.Forbidden(conditionsPath, fmt.Sprintf("updates may not remove a condition of type %q", t))
}

// validateStatus checks the conditions and the certificate. Mistakes that the
// stored status has already are allowed: v1beta1 accepted them.
func validateStatus(r, old object) field.ErrorList {
	errs := validateConditions(r.Status.Conditions, old.Status.Conditions)
	if certificate := r.Status.Certificate; len(certificate) > 0 && !bytes.Equal(certificate, old.Status.Certificate) {
		if err := checkCertificate(certificate); err != nil {
			errs = append(errs, field.Invalid(certificatePath, "<certificate data>", err.Error()))
		}
	}
	return errs
}

func validateConditions(conditions, before conditionList) (errs field.ErrorList) {
	bothAllowed := find(before, certificatesv1.CertificateApproved) >= 0 && find(before, certificatesv1.CertificateDenied) >= 0
	seen := sets.Set[conditionType]{}
	for i, condition := range conditions {
		at := conditionsPath.Index(i)
		if condition.Type == "" && find(before, "") < 0 {
			errs = append(errs, field.Required(at.Child("type"), ""))
		}
		errs = append(errs, validateConditionStatus(condition, at.Child("status"))...)
		if opposite := opposite(condition.Type); seen.Has(opposite) && opposite != "" && !bothAllowed {
			errs = append(errs, field.Invalid(conditionsPath, condition.Type, "Approved and Denied conditions are mutually exclusive").WithOrigin("zeroOrOneOf"))
		}
		if seen.Has(condition.Type) && count(before, condition.Type) < 2 {
			errs = append(errs, field.Duplicate(at.Child("type"), condition.Type))
		}
		seen.Insert(condition.Type)
	}
	return errs
}

func validateConditionStatus(condition certificatesv1.CertificateSigningRequestCondition, p *field.Path) field.ErrorList {
	allowed := sets.New(corev1.ConditionTrue, corev1.ConditionFalse, corev1.ConditionUnknown)
	if slices.Contains(outcomes, condition.Type) {
		allowed = sets.New(corev1.ConditionTrue)
	}
	switch {
	case condition.Status == "":
		return field.ErrorList{field.Required(p, "")}
	case !allowed.Has(condition.Status):
		return field.ErrorList{field.NotSupported(p, condition.Status, sets.List(allowed))}
	}
	return nil
}

// opposite returns the decision that excludes another one, or nothing.
func opposite(t conditionType) conditionType {
	switch t {
	case certificatesv1.CertificateApproved:
		return certificatesv1.CertificateDenied
	case certificatesv1.CertificateDenied:
		return certificatesv1.CertificateApproved
	}
	return ""
}

func count(conditions conditionList, t conditionType) (n int) {
	for _, condition := range conditions {
		if condition.Type == t {
			n++
		}
	}
	return n
}

// checkCertificate checks that there is a certificate in PEM and no other block.
// Text before, between and after the blocks is allowed, as RFC 7468 says.
func checkCertificate(data []byte) error {
	blocks := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		blocks++
		if block.Type != "CERTIFICATE" {
			return fmt.Errorf("only CERTIFICATE PEM blocks are allowed, found %q", block.Type)
		}
		if len(block.Headers) > 0 {
			return errors.New("no PEM block headers are permitted")
		}
		certificates, err := x509.ParseCertificates(block.Bytes)
		if err != nil {
			return err
		}
		if len(certificates) == 0 {
			return errors.New("found CERTIFICATE PEM block containing 0 certificates")
		}
	}
	if blocks == 0 {
		return errors.New("must contain at least one CERTIFICATE PEM block")
	}
	return nil
}
