package v1beta1

import (
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

var (
	localSchemeBuilder = runtime.NewSchemeBuilder(RegisterDefaults)

	// AddToScheme registers the defaults, the declarative validation and the
	// conversions.
	AddToScheme = localSchemeBuilder.AddToScheme
)

// AddTypes registers the types that are still served. k8s.io/api has another,
// CertificateSigningRequest, which Kubernetes 1.22 has removed.
func AddTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(certificatesv1beta1.SchemeGroupVersion,
		&certificatesv1beta1.ClusterTrustBundle{}, &certificatesv1beta1.ClusterTrustBundleList{},
		&certificatesv1beta1.PodCertificateRequest{}, &certificatesv1beta1.PodCertificateRequestList{},
	)
	metav1.AddToGroupVersion(scheme, certificatesv1beta1.SchemeGroupVersion)
	return nil
}
