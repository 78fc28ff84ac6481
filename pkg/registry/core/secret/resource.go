// Package secret defines secrets.
package secret

import (
	"context"
	"crypto/tls"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines secrets. The defaults have already moved stringData, which
// is write-only, into data: see SetDefaults_Secret.
var Resource = &registry.Resource[*corev1.Secret]{
	GVR:           corev1.SchemeGroupVersion.WithResource("secrets"),
	Singular:      "secret",
	New:           func() *corev1.Secret { return &corev1.Secret{} },
	NewList:       func() runtime.Object { return &corev1.SecretList{} },
	TriggerByName: true,
	ValidateName:  apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[*corev1.Secret]{
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.MetadataChange, registry.Change, registry.Whole},
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: func(_ context.Context, s *corev1.Secret) []string { return warnings(s) },
		WarningsOnUpdate: func(_ context.Context, s, _ *corev1.Secret) []string { return warnings(s) },
	},
	Fields: []registry.Field[*corev1.Secret]{
		{Name: "type", Value: func(s *corev1.Secret) string { return string(s.Type) }},
	},
	Columns: []registry.Column[*corev1.Secret]{
		registry.NameColumn[*corev1.Secret](),
		{Name: "Type", Description: registry.Doc(corev1.Secret{}, "type"),
			Cell: func(s *corev1.Secret) any { return string(s.Type) }},
		{Name: "Data", Description: registry.Doc(corev1.Secret{}, "data"),
			Cell: func(s *corev1.Secret) any { return int64(len(s.Data)) }},
		registry.AgeColumn[*corev1.Secret](),
	},
}

// warnings returns the reason why a TLS certificate and its key cannot be used.
func warnings(s *corev1.Secret) []string {
	if s.Type != corev1.SecretTypeTLS {
		return nil
	}
	if _, err := tls.X509KeyPair(s.Data[corev1.TLSCertKey], s.Data[corev1.TLSPrivateKeyKey]); err != nil {
		return []string{err.Error()}
	}
	return nil
}
