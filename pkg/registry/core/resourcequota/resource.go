// Package resourcequota defines resource quotas, which limit what the objects of
// a namespace may use in all.
package resourcequota

import (
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *corev1.ResourceQuota

// Resource defines resource quotas.
var Resource = &registry.Resource[object]{
	GVR:        corev1.SchemeGroupVersion.WithResource("resourcequotas"),
	Singular:   "resourcequota",
	ShortNames: []string{"quota"},
	New:        func() object { return &corev1.ResourceQuota{} },
	NewList:    func() runtime.Object { return &corev1.ResourceQuotaList{} },
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(q object) *corev1.ResourceQuotaSpec { return &q.Spec }),
		Status: registry.Part(func(q object) *corev1.ResourceQuotaStatus { return &q.Status }),
	},
	ReturnDeletedObject: true,
	ValidateName:        apivalidation.NameIsDNSSubdomain,
	Hooks:               registry.Hooks[object]{Validate: validate, ValidateUpdate: validateUpdate, WarningsOnCreate: warnings},
	Facets:              map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{ValidateUpdate: validateStatusUpdate}}},
	Columns:             columns,
}
