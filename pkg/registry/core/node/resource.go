// Package node defines nodes.
package node

import (
	"context"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
)

// New defines nodes whose kubelets are reached by what is given. In contrast to other resources, the status is kept on
// create, because a kubelet sends it when it registers its node.
func New(needs connect.Needs) *registry.Resource[*corev1.Node] {
	return &registry.Resource[*corev1.Node]{
		GVR:           corev1.SchemeGroupVersion.WithResource("nodes"),
		Prefix:        "minions",
		Singular:      "node",
		ShortNames:    []string{"no"},
		ClusterScoped: true,
		New:           func() *corev1.Node { return &corev1.Node{} },
		NewList:       func() runtime.Object { return &corev1.NodeList{} },
		TriggerByName: true,
		Parts: registry.Parts[*corev1.Node]{
			Spec:             registry.Part(func(n *corev1.Node) *corev1.NodeSpec { return &n.Spec }),
			Status:           registry.Part(func(n *corev1.Node) *corev1.NodeStatus { return &n.Status }),
			CreateWithStatus: true,
		},
		ValidateName: apivalidation.NameIsDNSSubdomain,
		Hooks: registry.Hooks[*corev1.Node]{
			PrepareForCreate: func(_ context.Context, n *corev1.Node) { dropDisabled(n, nil) },
			PrepareForUpdate: func(_ context.Context, n, old *corev1.Node) { dropDisabled(n, old) },
			Validate:         func(_ context.Context, n *corev1.Node) field.ErrorList { return validateNode(n, nil) },
			OnUpdate:         []registry.Rule{registry.Metadata, registry.Change},
			ValidateUpdate:   validateUpdate,
			WarningsOnCreate: func(_ context.Context, n *corev1.Node) []string { return warnings(n) },
			WarningsOnUpdate: func(_ context.Context, n, _ *corev1.Node) []string { return warnings(n) },
		},
		Facets: map[string]registry.Facet[*corev1.Node]{"status": {Hooks: registry.Hooks[*corev1.Node]{
			PrepareForUpdate: func(_ context.Context, n, old *corev1.Node) { dropDisabled(n, old) },
			ValidateUpdate:   func(_ context.Context, n, old *corev1.Node) field.ErrorList { return validateChange(n, old) },
		}}},
		DeclarativeConfig: declarativeConfig,
		Fields: []registry.Field[*corev1.Node]{
			{Name: "spec.unschedulable", Value: func(n *corev1.Node) string { return strconv.FormatBool(n.Spec.Unschedulable) }},
		},
		Columns: columns,
		Subresources: func(main *registry.REST, _ registry.Deps) map[string]rest.Storage {
			return map[string]rest.Storage{"proxy": newProxy(main, needs)}
		},
	}
}

// dropDisabled clears fields that have no effect, unless the old object uses
// them: the dynamic configuration of kubelets, a feature that was removed, and
// fields that need a disabled feature gate.
func dropDisabled(n, old *corev1.Node) {
	if old == nil || old.Spec.ConfigSource == nil {
		n.Spec.ConfigSource = nil
	}
	if old == nil || old.Status.Config == nil {
		n.Status.Config = nil
	}
	features.Drop(n, old, gated)
}

var gated = []features.Gated[corev1.Node]{
	{Gate: features.InPlacePodVerticalScalingSchedulerPreemption,
		Field: features.Pointer(func(n *corev1.Node) **corev1.NodePodPreemptionPolicy { return &n.Spec.PodPreemptionPolicy })},
}

// declarativeConfig enables the declarative validation of a field if its
// feature gate is enabled or the old node uses it.
func declarativeConfig(_, old *corev1.Node) rest.DeclarativeValidationConfig {
	const preemption = features.InPlacePodVerticalScalingSchedulerPreemption
	return rest.DeclarativeValidationConfig{Options: map[string]bool{
		string(preemption): features.Enabled(preemption) || old != nil && old.Spec.PodPreemptionPolicy != nil,
	}}
}

// warnings returns warnings about fields that are no longer used.
func warnings(n *corev1.Node) []string {
	var texts []string
	if n.Spec.ConfigSource != nil {
		texts = append(texts, "spec.configSource: the feature is no longer supported")
	}
	if n.Spec.DoNotUseExternalID != "" {
		texts = append(texts, "spec.externalID: this field is deprecated, and is unused by Kubernetes")
	}
	return texts
}
