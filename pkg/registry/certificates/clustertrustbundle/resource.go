// Package clustertrustbundle defines clustertrustbundles: the root certificates
// that pods trust, for a signer or in general (KEP-3257).
package clustertrustbundle

import (
	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1alpha1 "k8s.io/api/certificates/v1alpha1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *certificatesv1.ClusterTrustBundle

// Resource defines clustertrustbundles. Its hooks validate the metadata, because
// the signer decides which names are valid.
var Resource = &registry.Resource[object]{
	GVR:               certificatesv1.SchemeGroupVersion.WithResource("clustertrustbundles"),
	Versions:          []schema.GroupVersion{certificatesv1.SchemeGroupVersion, certificatesv1beta1.SchemeGroupVersion, certificatesv1alpha1.SchemeGroupVersion},
	Gate:              features.ClusterTrustBundle,
	Singular:          "clustertrustbundle",
	ClusterScoped:     true,
	New:               func() object { return &certificatesv1.ClusterTrustBundle{} },
	NewList:           func() runtime.Object { return &certificatesv1.ClusterTrustBundleList{} },
	ConditionalUpdate: true,
	Hooks: registry.Hooks[object]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.Whole, registry.Change},
		ValidateUpdate: validateUpdate,
	},
	Fields: []registry.Field[object]{{Name: "spec.signerName", Value: func(b object) string { return b.Spec.SignerName }}},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "SignerName", Description: registry.Doc(certificatesv1.ClusterTrustBundleSpec{}, "signerName"), Cell: func(b object) any {
			if b.Spec.SignerName == "" {
				return registry.None
			}
			return b.Spec.SignerName
		}},
	},
}
