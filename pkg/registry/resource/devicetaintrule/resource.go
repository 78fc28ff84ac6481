// Package devicetaintrule defines device taint rules, each of which adds a taint to
// all devices that it selects.
package devicetaintrule

import (
	"context"

	resourcev1 "k8s.io/api/resource/v1"
	resourcev1alpha3 "k8s.io/api/resource/v1alpha3"
	resourcev1beta2 "k8s.io/api/resource/v1beta2"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *resourcev1.DeviceTaintRule

// Resource defines device taint rules.
var Resource = &registry.Resource[object]{
	GVR:                 resourcev1.SchemeGroupVersion.WithResource("devicetaintrules"),
	Versions:            []schema.GroupVersion{resourcev1.SchemeGroupVersion, resourcev1beta2.SchemeGroupVersion, resourcev1alpha3.SchemeGroupVersion},
	Gate:                features.DRADeviceTaintRules,
	Singular:            "devicetaintrule",
	ClusterScoped:       true,
	New:                 func() object { return &resourcev1.DeviceTaintRule{} },
	NewList:             func() runtime.Object { return &resourcev1.DeviceTaintRuleList{} },
	ReturnDeletedObject: true,
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(r object) *resourcev1.DeviceTaintRuleSpec { return &r.Spec }),
		Status:      registry.Part(func(r object) *resourcev1.DeviceTaintRuleStatus { return &r.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		PrepareForUpdate: prepareForUpdate,
		Validate:         validate,
		ValidateUpdate:   func(ctx context.Context, r, _ object) field.ErrorList { return validate(ctx, r) },
	},
	Facets: map[string]registry.Facet[object]{"status": {
		Metadata: registry.KeepUserMetadata(),
		Hooks:    registry.Hooks[object]{ValidateUpdate: validateStatus},
	}},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Key", Description: registry.Doc(resourcev1.DeviceTaint{}, "key"), Cell: func(r object) any { return r.Spec.Taint.Key }},
		{Name: "Value", Description: registry.Doc(resourcev1.DeviceTaint{}, "value"), Cell: func(r object) any { return r.Spec.Taint.Value }},
		{Name: "Effect", Description: registry.Doc(resourcev1.DeviceTaint{}, "effect"),
			Cell: func(r object) any { return string(r.Spec.Taint.Effect) }},
		{Name: "TimeAdded", Description: registry.Doc(resourcev1.DeviceTaint{}, "timeAdded"), Cell: timeAdded},
		registry.AgeColumn[object](),
	},
}

func timeAdded(r object) any {
	if r.Spec.Taint.TimeAdded == nil {
		return registry.Unknown
	}
	return registry.Age(*r.Spec.Taint.TimeAdded)
}

// prepareForUpdate says that a taint with another effect is added now, unless the
// request says when.
func prepareForUpdate(_ context.Context, r, old object) {
	taint, before := &r.Spec.Taint, old.Spec.Taint
	if taint.Effect != before.Effect && taint.TimeAdded.Equal(before.TimeAdded) {
		now := metav1.Now().Rfc3339Copy()
		taint.TimeAdded = &now
	}
}
