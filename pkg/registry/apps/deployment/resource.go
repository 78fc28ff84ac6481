// Package deployment defines deployments, which roll out replica sets.
package deployment

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling/scale"
)

type object = *appsv1.Deployment

var template = workload.Template[object]{Of: func(d object) *corev1.PodTemplateSpec { return &d.Spec.Template }, Path: specPath.Child("template")}

// Resource defines deployments.
var Resource = &registry.Resource[object]{
	GVR:        appsv1.SchemeGroupVersion.WithResource("deployments"),
	Singular:   "deployment",
	ShortNames: []string{"deploy"},
	Categories: []string{"all"},
	New:        func() object { return &appsv1.Deployment{} },
	NewList:    func() runtime.Object { return &appsv1.DeploymentList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(d object) *appsv1.DeploymentSpec { return &d.Spec }),
		Status:      registry.Part(func(d object) *appsv1.DeploymentStatus { return &d.Status }),
		Generations: true,
		// A change of the annotations increments the generation, because the
		// controller copies them to the replica sets.
		AlsoCounts: func(d, old object) bool { return !apiequality.Semantic.DeepEqual(d.Annotations, old.Annotations) },
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks:        template.Hooks(registry.Hooks[object]{Validate: validate, ValidateUpdate: validateUpdate}),
	Facets: map[string]registry.Facet[object]{"status": {
		Hooks: registry.Hooks[object]{ValidateUpdate: validateStatusUpdate},
		Metadata: registry.MetadataRule{
			Keep:   func(d, old metav1.Object) { d.SetLabels(old.GetLabels()) },
			Resets: []string{"metadata.labels"},
		},
	}},
	Columns: slices.Concat([]registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Ready", Description: "Number of the pod with ready state",
			Cell: func(d object) any { return fmt.Sprintf("%d/%d", d.Status.ReadyReplicas, ptr.Deref(d.Spec.Replicas, 0)) }},
		{Name: "Up-to-date", Description: registry.Doc(appsv1.DeploymentStatus{}, "updatedReplicas"),
			Cell: func(d object) any { return d.Status.UpdatedReplicas }},
		{Name: "Available", Description: registry.Doc(appsv1.DeploymentStatus{}, "availableReplicas"),
			Cell: func(d object) any { return d.Status.AvailableReplicas }},
		registry.AgeColumn[object](),
	}, template.Columns(selector, registry.Doc(appsv1.DeploymentSpec{}, "selector"))),
	Subresources: scale.Subresource(scale.Scaled[object]{
		Replicas: func(d object) **int32 { return &d.Spec.Replicas },
		Status:   func(d object) (int32, *metav1.LabelSelector) { return d.Status.Replicas, selector(d) },
	}),
}

func selector(d object) *metav1.LabelSelector { return d.Spec.Selector }
