// Package workload defines workloads, which describe to the scheduler the pod
// groups that a controller makes (KEP-4671).
package workload

import (
	"context"

	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *schedulingv1beta1.Workload

// Resource defines workloads. The rules for single fields are in the tags of the
// type.
var Resource = &registry.Resource[object]{
	GVR:          schedulingv1beta1.SchemeGroupVersion.WithResource("workloads"),
	Versions:     []schema.GroupVersion{schedulingv1beta1.SchemeGroupVersion, schedulingv1alpha3.SchemeGroupVersion},
	Gate:         features.GenericWorkload,
	Singular:     "workload",
	New:          func() object { return &schedulingv1beta1.Workload{} },
	NewList:      func() runtime.Object { return &schedulingv1beta1.WorkloadList{} },
	Parts:        registry.Parts[object]{Spec: registry.Part(func(w object) *schedulingv1beta1.WorkloadSpec { return &w.Spec })},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: func(_ context.Context, w object) { features.Drop(&w.Spec, nil, gated) },
		PrepareForUpdate: func(_ context.Context, w, old object) { features.Drop(&w.Spec, &old.Spec, gated) },
		Validate:         validate,
	},
	DeclarativeConfig: declarativeConfig,
	Columns:           []registry.Column[object]{registry.NameColumn[object](), registry.AgeColumn[object]()},
}
