// Package statefulset defines stateful sets, which run pods with stable names and
// volumes.
package statefulset

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling/scale"
)

type object = *appsv1.StatefulSet

var template = workload.Template[object]{
	Of: func(s object) *corev1.PodTemplateSpec { return &s.Spec.Template }, Path: specPath.Child("template"),
	AnyName: true, Warnings: warnings,
}

// Resource defines stateful sets.
var Resource = &registry.Resource[object]{
	GVR:        appsv1.SchemeGroupVersion.WithResource("statefulsets"),
	Singular:   "statefulset",
	ShortNames: []string{"sts"},
	Categories: []string{"all"},
	New:        func() object { return &appsv1.StatefulSet{} },
	NewList:    func() runtime.Object { return &appsv1.StatefulSetList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(s object) *appsv1.StatefulSetSpec { return &s.Spec }),
		Status:      registry.Part(func(s object) *appsv1.StatefulSetStatus { return &s.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSLabel,
	Hooks: template.Hooks(registry.Hooks[object]{
		PrepareForCreate: func(_ context.Context, s object) { features.Drop(&s.Spec, nil, gated) },
		PrepareForUpdate: func(_ context.Context, s, old object) { features.Drop(&s.Spec, &old.Spec, gated) },
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
	}),
	Facets: map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{ValidateUpdate: validateStatusUpdate}}},
	Columns: slices.Concat([]registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Ready", Description: "Number of the pod with ready state",
			Cell: func(s object) any { return fmt.Sprintf("%d/%d", s.Status.ReadyReplicas, ptr.Deref(s.Spec.Replicas, 0)) }},
		registry.AgeColumn[object](),
	}, template.ContainerColumns(1)),
	Subresources: scale.Subresource(scale.Scaled[object]{
		Replicas: func(s object) **int32 { return &s.Spec.Replicas },
		Status:   func(s object) (int32, *metav1.LabelSelector) { return s.Status.Replicas, s.Spec.Selector },
	}),
}

// gated are the fields of the spec that need a feature gate.
var gated = []features.Gated[appsv1.StatefulSetSpec]{{Gate: features.MaxUnavailableStatefulSet, Field: maxUnavailable}}

func maxUnavailable(spec *appsv1.StatefulSetSpec, clear bool) (used bool) {
	if spec.UpdateStrategy.RollingUpdate == nil {
		return false
	}
	return features.Pointer(func(u *appsv1.RollingUpdateStatefulSetStrategy) **intstr.IntOrString {
		return &u.MaxUnavailable
	})(spec.UpdateStrategy.RollingUpdate, clear)
}

// warnings returns warnings about the claims, and about a limit that keeps all
// revisions.
func warnings(s object) []string {
	var texts []string
	for i := range s.Spec.VolumeClaimTemplates {
		texts = append(texts, volume.PersistentVolumeClaimSpecWarnings(&s.Spec.VolumeClaimTemplates[i].Spec, specPath.Child("volumeClaimTemplates").Index(i))...)
	}
	if ptr.Deref(s.Spec.RevisionHistoryLimit, 0) < 0 {
		texts = append(texts, "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended")
	}
	return texts
}
