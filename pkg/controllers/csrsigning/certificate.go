package csrsigning

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/certificates/kubelet"
)

const (
	// longest is how long a certificate is valid at most, and if the request does not
	// say. It is the default of kube-controller-manager's --cluster-signing-duration.
	longest = 365 * 24 * time.Hour
	// backdate is the time before now from which certificates are valid, for clients
	// whose clock is slow. It is part of the validity, unless that is less than short.
	backdate, short = 5 * time.Minute, 8 * time.Hour
)

// check returns why a signer cannot sign a request.
type check func(*x509.CertificateRequest, []certificatesv1.KeyUsage) error

// checks are those of the signers. Requests for legacy-unknown cannot be made any more,
// but may be stored.
var checks = map[string]check{
	certificatesv1.KubeAPIServerClientSignerName:        checkClient,
	certificatesv1.KubeAPIServerClientKubeletSignerName: kubelet.CheckClient,
	certificatesv1.KubeletServingSignerName:             kubelet.CheckServing,
	certificatesv1beta1.LegacyUnknownSignerName:         func(*x509.CertificateRequest, []certificatesv1.KeyUsage) error { return nil },
}

// checkClient checks a request of the signer kubernetes.io/kube-apiserver-client.
func checkClient(_ *x509.CertificateRequest, usages []certificatesv1.KeyUsage) error {
	for _, usage := range usages {
		switch usage {
		case certificatesv1.UsageDigitalSignature, certificatesv1.UsageKeyEncipherment, certificatesv1.UsageClientAuth:
		default:
			return fmt.Errorf("invalid usage for client certificate: %s", usage)
		}
	}
	if !slices.Contains(usages, certificatesv1.UsageClientAuth) {
		return fmt.Errorf("missing required usage for client certificate: %s", certificatesv1.UsageClientAuth)
	}
	return nil
}

// template returns the certificate that is asked for. Of the extensions of the request
// only the alternative names are taken.
func template(cr *x509.CertificateRequest, r *certificatesv1.CertificateSigningRequest, now time.Time) x509.Certificate {
	validity := longest
	if seconds := r.Spec.ExpirationSeconds; seconds != nil {
		validity = min(validity, time.Duration(*seconds)*time.Second)
	}
	from, to := now.Add(-backdate), now.Add(validity)
	if validity >= short {
		to = to.Add(-backdate)
	}
	t := x509.Certificate{
		Subject: cr.Subject, DNSNames: cr.DNSNames, EmailAddresses: cr.EmailAddresses, IPAddresses: cr.IPAddresses, URIs: cr.URIs,
		NotBefore: from.UTC(), NotAfter: to.UTC(), BasicConstraintsValid: true,
	}
	for _, usage := range r.Spec.Usages {
		t.KeyUsage |= keyUsages[usage]
		if extended, ok := extKeyUsages[usage]; ok && !slices.Contains(t.ExtKeyUsage, extended) {
			t.ExtKeyUsage = append(t.ExtKeyUsage, extended)
		}
	}
	slices.Sort(t.ExtKeyUsage)
	return t
}

var keyUsages = map[certificatesv1.KeyUsage]x509.KeyUsage{
	certificatesv1.UsageSigning:           x509.KeyUsageDigitalSignature,
	certificatesv1.UsageDigitalSignature:  x509.KeyUsageDigitalSignature,
	certificatesv1.UsageContentCommitment: x509.KeyUsageContentCommitment,
	certificatesv1.UsageKeyEncipherment:   x509.KeyUsageKeyEncipherment,
	certificatesv1.UsageKeyAgreement:      x509.KeyUsageKeyAgreement,
	certificatesv1.UsageDataEncipherment:  x509.KeyUsageDataEncipherment,
	certificatesv1.UsageCertSign:          x509.KeyUsageCertSign,
	certificatesv1.UsageCRLSign:           x509.KeyUsageCRLSign,
	certificatesv1.UsageEncipherOnly:      x509.KeyUsageEncipherOnly,
	certificatesv1.UsageDecipherOnly:      x509.KeyUsageDecipherOnly,
}

var extKeyUsages = map[certificatesv1.KeyUsage]x509.ExtKeyUsage{
	certificatesv1.UsageAny:             x509.ExtKeyUsageAny,
	certificatesv1.UsageServerAuth:      x509.ExtKeyUsageServerAuth,
	certificatesv1.UsageClientAuth:      x509.ExtKeyUsageClientAuth,
	certificatesv1.UsageCodeSigning:     x509.ExtKeyUsageCodeSigning,
	certificatesv1.UsageEmailProtection: x509.ExtKeyUsageEmailProtection,
	certificatesv1.UsageSMIME:           x509.ExtKeyUsageEmailProtection,
	certificatesv1.UsageIPsecEndSystem:  x509.ExtKeyUsageIPSECEndSystem,
	certificatesv1.UsageIPsecTunnel:     x509.ExtKeyUsageIPSECTunnel,
	certificatesv1.UsageIPsecUser:       x509.ExtKeyUsageIPSECUser,
	certificatesv1.UsageTimestamping:    x509.ExtKeyUsageTimeStamping,
	certificatesv1.UsageOCSPSigning:     x509.ExtKeyUsageOCSPSigning,
	certificatesv1.UsageMicrosoftSGC:    x509.ExtKeyUsageMicrosoftServerGatedCrypto,
	certificatesv1.UsageNetscapeSGC:     x509.ExtKeyUsageNetscapeServerGatedCrypto,
}
