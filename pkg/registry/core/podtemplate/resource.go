// Package podtemplate defines pod templates.
package podtemplate

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
)

type object = *corev1.PodTemplate

var (
	path     = field.NewPath("template")
	template = workload.Template[object]{Of: func(t object) *corev1.PodTemplateSpec { return &t.Template }, Path: path, AnyName: true}
)

// Resource defines pod templates.
var Resource = &registry.Resource[object]{
	GVR:      corev1.SchemeGroupVersion.WithResource("podtemplates"),
	Singular: "podtemplate",
	New:      func() object { return &corev1.PodTemplate{} },
	NewList:  func() runtime.Object { return &corev1.PodTemplateList{} },

	ReturnDeletedObject: true,
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(t object) *corev1.PodTemplateSpec { return &t.Template }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks:        template.Hooks(registry.Hooks[object]{Validate: validate, ValidateUpdate: validateUpdate}),
	Columns: slices.Concat([]registry.Column[object]{registry.NameColumn[object]()}, template.ContainerColumns(0), []registry.Column[object]{
		{Name: "Pod Labels", Description: "The labels for the pod template.", Cell: func(t object) any { return labels.FormatLabels(t.Template.Labels) }},
	}),
}

func validate(ctx context.Context, t object) field.ErrorList {
	return podspec.ValidatePodTemplateSpec(&t.Template, podspec.OptionsFrom(ctx), path)
}

func validateUpdate(ctx context.Context, t, old object) field.ErrorList {
	opts := podspec.OptionsFrom(ctx).ForUpdate(&old.Template.ObjectMeta, &old.Template.Spec)
	return podspec.ValidatePodTemplateSpec(&t.Template, opts, path)
}
