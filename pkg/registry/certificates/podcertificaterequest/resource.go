// Package podcertificaterequest defines requests for the certificates of pods,
// which kubelets make and signers answer (KEP-4317).
package podcertificaterequest

import (
	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *certificatesv1beta1.PodCertificateRequest

// Resource defines podcertificaterequests. The hub is the type of v1beta1: v1 has
// no field for the public key with which a kubelet of version 1.35 asks.
var Resource = &registry.Resource[object]{
	GVR:               certificatesv1beta1.SchemeGroupVersion.WithResource("podcertificaterequests"),
	Versions:          []schema.GroupVersion{certificatesv1beta1.SchemeGroupVersion, certificatesv1.SchemeGroupVersion},
	Gate:              features.PodCertificateRequest,
	Singular:          "podcertificaterequest",
	New:               func() object { return &certificatesv1beta1.PodCertificateRequest{} },
	NewList:           func() runtime.Object { return &certificatesv1beta1.PodCertificateRequestList{} },
	ConditionalUpdate: true,
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(r object) *certificatesv1beta1.PodCertificateRequestSpec { return &r.Spec }),
		Status: registry.Part(func(r object) *certificatesv1beta1.PodCertificateRequestStatus { return &r.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks:        registry.Hooks[object]{Validate: validate, ValidateUpdate: validateUpdate},
	Facets: map[string]registry.Facet[object]{"status": {
		Hooks:    registry.Hooks[object]{ValidateUpdate: validateStatusUpdate},
		Metadata: registry.KeepUserMetadata(),
	}},
	Fields: []registry.Field[object]{
		{Name: "spec.signerName", Value: func(r object) string { return r.Spec.SignerName }},
		{Name: "spec.podName", Value: func(r object) string { return r.Spec.PodName }},
		{Name: "spec.nodeName", Value: func(r object) string { return string(r.Spec.NodeName) }},
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "PodName", Description: doc("podName"), Cell: func(r object) any { return r.Spec.PodName }},
		{Name: "ServiceAccountName", Description: doc("serviceAccountName"), Cell: func(r object) any { return r.Spec.ServiceAccountName }},
		{Name: "NodeName", Description: doc("nodeName"), Cell: func(r object) any { return string(r.Spec.NodeName) }},
		{Name: "SignerName", Description: doc("signerName"), Cell: func(r object) any { return r.Spec.SignerName }},
		{Name: "State", Description: "Is the request Pending, Issued, Denied, or Failed?", Cell: func(r object) any {
			if final := finalCondition(r.Status.Conditions); final != "" {
				return final
			}
			return "Pending"
		}},
		{Name: "UnverifiedUserAnnotations", Description: doc("unverifiedUserAnnotations"),
			Cell: func(r object) any { return labels.FormatLabels(r.Spec.UnverifiedUserAnnotations) }},
	},
}

func doc(name string) string { return registry.Doc(certificatesv1.PodCertificateRequestSpec{}, name) }
