// Package namespace defines namespaces.
//
// A namespace is deleted in two steps. The delete request only marks the
// namespace as terminating. The namespace remains as long as spec.finalizers
// has entries: the namespace controller deletes the content of the namespace
// and then removes its own finalizer through the finalize subresource.
package namespace

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines namespaces.
var Resource = &registry.Resource[*corev1.Namespace]{
	GVR:                 corev1.SchemeGroupVersion.WithResource("namespaces"),
	Singular:            "namespace",
	ShortNames:          []string{"ns"},
	ClusterScoped:       true,
	New:                 func() *corev1.Namespace { return &corev1.Namespace{} },
	NewList:             func() runtime.Object { return &corev1.NamespaceList{} },
	ReturnDeletedObject: true,
	Parts: registry.Parts[*corev1.Namespace]{
		Spec:   registry.Part(func(ns *corev1.Namespace) *corev1.NamespaceSpec { return &ns.Spec }),
		Status: registry.Part(func(ns *corev1.Namespace) *corev1.NamespaceStatus { return &ns.Status }),
	},
	ValidateName: apivalidation.NameIsDNSLabel,
	Hooks: registry.Hooks[*corev1.Namespace]{
		PrepareForCreate: prepareForCreate,
		PrepareForUpdate: func(_ context.Context, ns, old *corev1.Namespace) { ns.Spec.Finalizers = old.Spec.Finalizers },
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.Whole, registry.MetadataChange},
	},
	Facets: map[string]registry.Facet[*corev1.Namespace]{
		"status":   {Hooks: registry.Hooks[*corev1.Namespace]{ValidateUpdate: validateStatusUpdate}},
		"finalize": {Hooks: registry.Hooks[*corev1.Namespace]{ValidateUpdate: validateFinalize}, UpdateOnly: true},
	},
	Canonicalize: labelWithName,
	Fields: []registry.Field[*corev1.Namespace]{
		{Name: "status.phase", Value: func(ns *corev1.Namespace) string { return string(ns.Status.Phase) }},
	},
	Columns: []registry.Column[*corev1.Namespace]{
		registry.NameColumn[*corev1.Namespace](),
		{Name: "Status", Description: "The status of the namespace", Cell: func(ns *corev1.Namespace) any { return string(ns.Status.Phase) }},
		registry.AgeColumn[*corev1.Namespace](),
	},
	Customize: keepWhileFinalizing,
	Wrap:      func(main *registry.REST, _ registry.Deps) rest.Storage { return &storage{REST: main} },
}

// prepareForCreate sets the phase to active and adds the finalizer of the
// namespace controller, which deletes the content of the namespace later.
func prepareForCreate(_ context.Context, ns *corev1.Namespace) {
	ns.Status = corev1.NamespaceStatus{Phase: corev1.NamespaceActive}
	if !slices.Contains(ns.Spec.Finalizers, corev1.FinalizerKubernetes) {
		ns.Spec.Finalizers = append(ns.Spec.Finalizers, corev1.FinalizerKubernetes)
	}
}

// labelWithName sets the label that contains the name of the namespace. The
// defaults set it too, but at that time a generated name is not yet known.
func labelWithName(ns *corev1.Namespace) {
	if ns.Labels == nil {
		ns.Labels = map[string]string{}
	}
	ns.Labels[corev1.LabelMetadataName] = ns.Name
}
