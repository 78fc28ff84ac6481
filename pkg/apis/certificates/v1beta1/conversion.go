package v1beta1

import (
	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	"k8s.io/apimachinery/pkg/conversion"
)

// Convert_v1beta1_PodCertificateRequestSpec_To_v1_PodCertificateRequestSpec leaves
// out the public key and the proof that the kubelet holds the private key: v1 has
// only requests with stubPKCS10Request.
func Convert_v1beta1_PodCertificateRequestSpec_To_v1_PodCertificateRequestSpec(
	in *certificatesv1beta1.PodCertificateRequestSpec, out *certificatesv1.PodCertificateRequestSpec, s conversion.Scope) error {
	return autoConvert_v1beta1_PodCertificateRequestSpec_To_v1_PodCertificateRequestSpec(in, out, s)
}
