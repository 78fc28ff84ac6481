// Package flowschema defines flow schemas, which sort requests into priority
// levels.
package flowschema

import (
	"context"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

const version = "flowcontrol.apiserver.k8s.io/v1"

// Resource defines flow schemas.
var Resource = &registry.Resource[*flowcontrolv1.FlowSchema]{
	GVR:           flowcontrolv1.SchemeGroupVersion.WithResource("flowschemas"),
	Singular:      "flowschema",
	ClusterScoped: true,
	New:           func() *flowcontrolv1.FlowSchema { return &flowcontrolv1.FlowSchema{} },
	NewList:       func() runtime.Object { return &flowcontrolv1.FlowSchemaList{} },
	Hooks: registry.Hooks[*flowcontrolv1.FlowSchema]{
		PrepareForCreate: prepareForCreate,
		PrepareForUpdate: prepareForUpdate,
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		ResetFields:      registry.Reset(version, []string{"status"}),
	},
	Status: &registry.Hooks[*flowcontrolv1.FlowSchema]{
		PrepareForUpdate: prepareForStatusUpdate,
		ValidateUpdate:   validateUpdate,
		ResetFields:      registry.Reset(version, []string{"spec"}, []string{"metadata"}),
	},
	Columns:   columns,
	Customize: setTable,
}

func prepareForCreate(_ context.Context, schema *flowcontrolv1.FlowSchema) {
	schema.Status = flowcontrolv1.FlowSchemaStatus{}
	schema.Generation = 1
}

func prepareForUpdate(_ context.Context, schema, old *flowcontrolv1.FlowSchema) {
	schema.Status = old.Status
	if !apiequality.Semantic.DeepEqual(schema.Spec, old.Spec) {
		schema.Generation = old.Generation + 1
	}
}

// prepareForStatusUpdate keeps all but the status and the record of who set it.
func prepareForStatusUpdate(_ context.Context, schema, old *flowcontrolv1.FlowSchema) {
	managed := schema.ManagedFields
	schema.ObjectMeta = old.ObjectMeta
	schema.ManagedFields = managed
	schema.Spec = old.Spec
}
