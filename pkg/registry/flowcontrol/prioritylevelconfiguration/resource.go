// Package prioritylevelconfiguration defines priority levels, among which the
// server shares out the requests that it handles at once.
package prioritylevelconfiguration

import (
	"context"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

const version = "flowcontrol.apiserver.k8s.io/v1"

// Resource defines priority levels.
var Resource = &registry.Resource[*flowcontrolv1.PriorityLevelConfiguration]{
	GVR:           flowcontrolv1.SchemeGroupVersion.WithResource("prioritylevelconfigurations"),
	Singular:      "prioritylevelconfiguration",
	ClusterScoped: true,
	New: func() *flowcontrolv1.PriorityLevelConfiguration {
		return &flowcontrolv1.PriorityLevelConfiguration{}
	},
	NewList: func() runtime.Object { return &flowcontrolv1.PriorityLevelConfigurationList{} },
	Hooks: registry.Hooks[*flowcontrolv1.PriorityLevelConfiguration]{
		PrepareForCreate: prepareForCreate,
		PrepareForUpdate: prepareForUpdate,
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		ResetFields:      registry.Reset(version, []string{"status"}),
	},
	Status: &registry.Hooks[*flowcontrolv1.PriorityLevelConfiguration]{
		PrepareForUpdate: prepareForStatusUpdate,
		ValidateUpdate:   validateStatusUpdate,
		ResetFields:      registry.Reset(version, []string{"spec"}, []string{"metadata"}),
	},
	Columns: columns,
}

func prepareForCreate(_ context.Context, level *flowcontrolv1.PriorityLevelConfiguration) {
	level.Status = flowcontrolv1.PriorityLevelConfigurationStatus{}
	level.Generation = 1
}

func prepareForUpdate(_ context.Context, level, old *flowcontrolv1.PriorityLevelConfiguration) {
	level.Status = old.Status
	if !apiequality.Semantic.DeepEqual(level.Spec, old.Spec) {
		level.Generation = old.Generation + 1
	}
}

// prepareForStatusUpdate keeps all but the status and the record of who set it.
func prepareForStatusUpdate(_ context.Context, level, old *flowcontrolv1.PriorityLevelConfiguration) {
	managed := level.ManagedFields
	level.ObjectMeta = old.ObjectMeta
	level.ManagedFields = managed
	level.Spec = old.Spec
}
