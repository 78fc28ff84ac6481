package v1

import (
	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	localSchemeBuilder = runtime.NewSchemeBuilder(RegisterDefaults, addHub)

	// AddToScheme registers the defaults, the declarative validation and the hub
	// of PodCertificateRequest.
	AddToScheme = localSchemeBuilder.AddToScheme
)

// addHub registers the type of v1beta1 as the internal version of
// PodCertificateRequest: it alone can hold every request.
func addHub(scheme *runtime.Scheme) error {
	hub := schema.GroupVersion{Group: certificatesv1.GroupName, Version: runtime.APIVersionInternal}
	scheme.AddKnownTypeWithName(hub.WithKind("PodCertificateRequest"), &certificatesv1beta1.PodCertificateRequest{})
	scheme.AddKnownTypeWithName(hub.WithKind("PodCertificateRequestList"), &certificatesv1beta1.PodCertificateRequestList{})
	return nil
}
