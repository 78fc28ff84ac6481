// Package limitrange defines limit ranges, which bound and default the resources
// of the pods and claims of a namespace.
package limitrange

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *corev1.LimitRange

// Resource defines limit ranges.
var Resource = &registry.Resource[object]{
	GVR:        corev1.SchemeGroupVersion.WithResource("limitranges"),
	Singular:   "limitrange",
	ShortNames: []string{"limits"},
	New:        func() object { return &corev1.LimitRange{} },
	NewList:    func() runtime.Object { return &corev1.LimitRangeList{} },
	PutCreates: true,

	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: func(_ context.Context, l object) {
			if l.Name == "" {
				l.Name = string(uuid.NewUUID())
			}
		},
		Validate: validate,
		OnUpdate: []registry.Rule{registry.Whole},
	},
}
