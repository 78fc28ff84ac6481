// Package serviceaccount defines service accounts.
package serviceaccount

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// enforceMountableSecrets is a deprecated annotation, read by the ServiceAccount admission plugin.
const enforceMountableSecrets = "kubernetes.io/enforce-mountable-secrets"

var metaPath = field.NewPath("metadata")

// New defines service accounts. Their subresource token issues tokens.
func New(tokens *serviceaccount.Tokens) *registry.Resource[*corev1.ServiceAccount] {
	return &registry.Resource[*corev1.ServiceAccount]{
		GVR:                 corev1.SchemeGroupVersion.WithResource("serviceaccounts"),
		Singular:            "serviceaccount",
		ShortNames:          []string{"sa"},
		New:                 func() *corev1.ServiceAccount { return &corev1.ServiceAccount{} },
		NewList:             func() runtime.Object { return &corev1.ServiceAccountList{} },
		ReturnDeletedObject: true,
		ConfiguresAdmission: true,
		ValidateName:        apivalidation.NameIsDNSSubdomain,
		Hooks: registry.Hooks[*corev1.ServiceAccount]{
			PrepareForCreate: func(_ context.Context, sa *corev1.ServiceAccount) { keepSecretNames(sa) },
			PrepareForUpdate: func(_ context.Context, sa, _ *corev1.ServiceAccount) { keepSecretNames(sa) },
			OnUpdate:         []registry.Rule{registry.MetadataChange, registry.Metadata},
			WarningsOnCreate: func(_ context.Context, sa *corev1.ServiceAccount) []string { return warnings(sa, nil) },
			WarningsOnUpdate: func(_ context.Context, sa, old *corev1.ServiceAccount) []string { return warnings(sa, old) },
		},
		Columns: []registry.Column[*corev1.ServiceAccount]{
			registry.NameColumn[*corev1.ServiceAccount](),
			registry.AgeColumn[*corev1.ServiceAccount](),
		},
		Subresources: func(main *registry.REST, deps registry.Deps) map[string]rest.Storage {
			return map[string]rest.Storage{"token": &tokenREST{accounts: main, objects: deps.Objects, tokens: tokens}}
		},
	}
}

// keepSecretNames removes all fields except the name from the references to
// secrets, because the secrets are always in the namespace of the account.
func keepSecretNames(sa *corev1.ServiceAccount) {
	for i, ref := range sa.Secrets {
		sa.Secrets[i] = corev1.ObjectReference{Name: ref.Name}
	}
}

// warnings returns a warning if the deprecated annotation is added.
func warnings(sa, old *corev1.ServiceAccount) []string {
	if _, now := sa.Annotations[enforceMountableSecrets]; !now {
		return nil
	}
	if old != nil {
		if _, before := old.Annotations[enforceMountableSecrets]; before {
			return nil
		}
	}
	return []string{"metadata.annotations[" + enforceMountableSecrets + "]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"}
}
