// Package configmap defines configmaps.
package configmap

import (
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines configmaps.
var Resource = &registry.Resource[*corev1.ConfigMap]{
	GVR:           corev1.SchemeGroupVersion.WithResource("configmaps"),
	Singular:      "configmap",
	ShortNames:    []string{"cm"},
	New:           func() *corev1.ConfigMap { return &corev1.ConfigMap{} },
	NewList:       func() runtime.Object { return &corev1.ConfigMapList{} },
	TriggerByName: true,
	ValidateName:  apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[*corev1.ConfigMap]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.MetadataChange, registry.Change, registry.Whole},
		ValidateUpdate: validateUpdate,
	},
	Columns: []registry.Column[*corev1.ConfigMap]{
		registry.NameColumn[*corev1.ConfigMap](),
		{Name: "Data", Type: "string", Description: registry.Doc(corev1.ConfigMap{}, "data"),
			Cell: func(c *corev1.ConfigMap) any { return int64(len(c.Data) + len(c.BinaryData)) }},
		registry.AgeColumn[*corev1.ConfigMap](),
	},
}
