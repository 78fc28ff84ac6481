// Package kubelet says what requests for certificates of kubelets must look like. The
// errors have kube-controller-manager's messages.
package kubelet

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	certificatesv1 "k8s.io/api/certificates/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

// What identifies a node in certificates.
const (
	group      = "system:nodes"
	namePrefix = "system:node:"
)

// CheckClient checks a request for a client certificate of the signer
// kubernetes.io/kube-apiserver-client-kubelet.
func CheckClient(r *x509.CertificateRequest, usages []certificatesv1.KeyUsage) error {
	return firstOf(
		checkOrganization(r),
		unless(len(r.DNSNames) == 0, "DNS subjectAltNames are not allowed"),
		unless(len(r.EmailAddresses) == 0, "Email subjectAltNames are not allowed"),
		unless(len(r.IPAddresses) == 0, "IP subjectAltNames are not allowed"),
		unless(len(r.URIs) == 0, "URI subjectAltNames are not allowed"),
		checkName(r),
		checkUsages(usages, certificatesv1.UsageClientAuth),
	)
}

// CheckServing checks a request for a serving certificate of the signer
// kubernetes.io/kubelet-serving.
func CheckServing(r *x509.CertificateRequest, usages []certificatesv1.KeyUsage) error {
	return firstOf(
		checkOrganization(r),
		unless(len(r.DNSNames)+len(r.IPAddresses) > 0, "DNS or IP subjectAltName is required"),
		unless(len(r.EmailAddresses) == 0, "Email subjectAltNames are not allowed"),
		unless(len(r.URIs) == 0, "URI subjectAltNames are not allowed"),
		checkUsages(usages, certificatesv1.UsageServerAuth),
		checkName(r),
	)
}

func checkOrganization(r *x509.CertificateRequest) error {
	return unless(slices.Equal(r.Subject.Organization, []string{group}), "subject organization is not system:nodes")
}

func checkName(r *x509.CertificateRequest) error {
	return unless(strings.HasPrefix(r.Subject.CommonName, namePrefix), "subject common name does not begin with system:node:")
}

// checkUsages checks that a certificate is for signatures and for authentication of one
// kind. Keys of RSA may also be for key encipherment.
func checkUsages(usages []certificatesv1.KeyUsage, auth certificatesv1.KeyUsage) error {
	required := sets.New(certificatesv1.UsageDigitalSignature, auth)
	allowed := required.Clone().Insert(certificatesv1.UsageKeyEncipherment)
	asked := sets.New(usages...)
	if asked.IsSuperset(required) && allowed.IsSuperset(asked) {
		return nil
	}
	return fmt.Errorf("usages did not match %v", sets.List(allowed))
}

func unless(ok bool, message string) error {
	if ok {
		return nil
	}
	return errors.New(message)
}

// firstOf returns the first error.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
