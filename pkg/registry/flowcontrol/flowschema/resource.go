// Package flowschema defines flow schemas, which assign requests to priority
// levels.
package flowschema

import (
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines flow schemas.
var Resource = &registry.Resource[*flowcontrolv1.FlowSchema]{
	GVR:           flowcontrolv1.SchemeGroupVersion.WithResource("flowschemas"),
	Singular:      "flowschema",
	ClusterScoped: true,
	New:           func() *flowcontrolv1.FlowSchema { return &flowcontrolv1.FlowSchema{} },
	NewList:       func() runtime.Object { return &flowcontrolv1.FlowSchemaList{} },
	Parts: registry.Parts[*flowcontrolv1.FlowSchema]{
		Spec:        registry.Part(func(s *flowcontrolv1.FlowSchema) *flowcontrolv1.FlowSchemaSpec { return &s.Spec }),
		Status:      registry.Part(func(s *flowcontrolv1.FlowSchema) *flowcontrolv1.FlowSchemaStatus { return &s.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	// The validation of an update does not depend on the old object: the flow
	// schemas that cannot change have fixed values.
	Hooks: registry.Hooks[*flowcontrolv1.FlowSchema]{Validate: validate, OnUpdate: []registry.Rule{registry.Whole}},
	Facets: map[string]registry.Facet[*flowcontrolv1.FlowSchema]{"status": {
		Hooks:    registry.Hooks[*flowcontrolv1.FlowSchema]{OnUpdate: []registry.Rule{registry.Whole}},
		Metadata: registry.KeepMetadata(),
	}},
	Columns:   columns,
	Customize: setTable,
}
