// Package prioritylevelconfiguration defines priority levels, among which the
// server divides the number of requests that it handles at the same time.
package prioritylevelconfiguration

import (
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines priority levels.
var Resource = &registry.Resource[*flowcontrolv1.PriorityLevelConfiguration]{
	GVR:           flowcontrolv1.SchemeGroupVersion.WithResource("prioritylevelconfigurations"),
	Singular:      "prioritylevelconfiguration",
	ClusterScoped: true,
	New: func() *flowcontrolv1.PriorityLevelConfiguration {
		return &flowcontrolv1.PriorityLevelConfiguration{}
	},
	NewList: func() runtime.Object { return &flowcontrolv1.PriorityLevelConfigurationList{} },
	Parts: registry.Parts[*flowcontrolv1.PriorityLevelConfiguration]{
		Spec: registry.Part(func(s *flowcontrolv1.PriorityLevelConfiguration) *flowcontrolv1.PriorityLevelConfigurationSpec {
			return &s.Spec
		}),
		Status: registry.Part(func(s *flowcontrolv1.PriorityLevelConfiguration) *flowcontrolv1.PriorityLevelConfigurationStatus {
			return &s.Status
		}),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	// The validation of an update does not depend on the old object: the
	// priority levels that cannot change have fixed values.
	Hooks: registry.Hooks[*flowcontrolv1.PriorityLevelConfiguration]{Validate: validate, OnUpdate: []registry.Rule{registry.Whole}},
	Facets: map[string]registry.Facet[*flowcontrolv1.PriorityLevelConfiguration]{"status": {
		Hooks:    registry.Hooks[*flowcontrolv1.PriorityLevelConfiguration]{OnUpdate: []registry.Rule{registry.Change}, ValidateUpdate: validateStatusUpdate},
		Metadata: registry.KeepMetadata(),
	}},
	Columns: columns,
}
