// Package serviceaccount defines service accounts.
package serviceaccount

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// enforceMountableSecrets is a deprecated annotation, read by the ServiceAccount admission plugin.
const enforceMountableSecrets = "kubernetes.io/enforce-mountable-secrets"

var metaPath = field.NewPath("metadata")

// Resource defines service accounts.
var Resource = &registry.Resource[*corev1.ServiceAccount]{
	GVR:                 corev1.SchemeGroupVersion.WithResource("serviceaccounts"),
	Singular:            "serviceaccount",
	ShortNames:          []string{"sa"},
	New:                 func() *corev1.ServiceAccount { return &corev1.ServiceAccount{} },
	NewList:             func() runtime.Object { return &corev1.ServiceAccountList{} },
	ReturnDeletedObject: true,
	Hooks: registry.Hooks[*corev1.ServiceAccount]{
		PrepareForCreate: func(_ context.Context, sa *corev1.ServiceAccount) { keepSecretNames(sa) },
		PrepareForUpdate: func(_ context.Context, sa, _ *corev1.ServiceAccount) { keepSecretNames(sa) },
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: func(_ context.Context, sa *corev1.ServiceAccount) []string { return warnings(sa, nil) },
		WarningsOnUpdate: func(_ context.Context, sa, old *corev1.ServiceAccount) []string { return warnings(sa, old) },
	},
	Columns: []registry.Column[*corev1.ServiceAccount]{
		registry.NameColumn[*corev1.ServiceAccount](),
		registry.AgeColumn[*corev1.ServiceAccount](),
	},
	Subresources: func(main *registry.REST, deps registry.Deps) map[string]rest.Storage {
		return map[string]rest.Storage{"token": &tokenREST{accounts: main, objects: deps.Objects, tokens: deps.Tokens}}
	},
}

func validate(_ context.Context, sa *corev1.ServiceAccount) field.ErrorList {
	return metavalidation.ValidateObjectMeta(&sa.ObjectMeta, true, apivalidation.NameIsDNSSubdomain, metaPath)
}

func validateUpdate(ctx context.Context, sa, old *corev1.ServiceAccount) field.ErrorList {
	return append(metavalidation.ValidateObjectMetaUpdate(&sa.ObjectMeta, &old.ObjectMeta, metaPath), validate(ctx, sa)...)
}

// keepSecretNames drops all but the names from the references to secrets,
// which are in the account's own namespace.
func keepSecretNames(sa *corev1.ServiceAccount) {
	for i, ref := range sa.Secrets {
		sa.Secrets[i] = corev1.ObjectReference{Name: ref.Name}
	}
}

// warnings tells whoever adds the deprecated annotation.
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
