package certificatesigningrequest

import (
	"strings"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// The columns are described by the documentation of v1beta1, and the requestor by
// that of the request, as from kube-apiserver.
var columns = []registry.Column[object]{
	registry.NameColumn[object](),
	registry.AgeColumn[object](),
	{Name: "SignerName", Description: doc("signerName"), Cell: func(r object) any { return r.Spec.SignerName }},
	{Name: "Requestor", Description: doc("request"), Cell: func(r object) any { return r.Spec.Username }},
	{Name: "RequestedDuration", Description: doc("expirationSeconds"), Cell: requestedDuration},
	{Name: "Condition", Description: registry.Doc(certificatesv1beta1.CertificateSigningRequestStatus{}, "conditions"), Cell: condition},
}

func doc(name string) string {
	return registry.Doc(certificatesv1beta1.CertificateSigningRequestSpec{}, name)
}

func requestedDuration(r object) any {
	if seconds := r.Spec.ExpirationSeconds; seconds != nil {
		return duration.HumanDuration(time.Duration(*seconds) * time.Second)
	}
	return registry.None
}

// condition tells what has been decided and what has become of it, such as
// "Approved,Issued".
func condition(r object) any {
	state := "Pending"
	switch {
	case hasCondition(r, certificatesv1.CertificateDenied):
		state = "Denied"
	case hasCondition(r, certificatesv1.CertificateApproved):
		state = "Approved"
	}
	words := []string{state}
	if hasCondition(r, certificatesv1.CertificateFailed) {
		words = append(words, "Failed")
	}
	if len(r.Status.Certificate) > 0 {
		words = append(words, "Issued")
	}
	return strings.Join(words, ",")
}
