// Package controllerrevision defines controller revisions, in which controllers
// keep earlier versions of what they manage.
package controllerrevision

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *appsv1.ControllerRevision

// Resource defines controller revisions.
var Resource = &registry.Resource[object]{
	GVR:          appsv1.SchemeGroupVersion.WithResource("controllerrevisions"),
	Singular:     "controllerrevision",
	New:          func() object { return &appsv1.ControllerRevision{} },
	NewList:      func() runtime.Object { return &appsv1.ControllerRevisionList{} },
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.MetadataChange, registry.Metadata, registry.Change},
		ValidateUpdate: validateUpdate,
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Controller", Description: "Controller of the object", Cell: controller},
		{Name: "Revision", Description: registry.Doc(appsv1.ControllerRevision{}, "revision"), Cell: func(r object) any { return r.Revision }},
		registry.AgeColumn[object](),
	},
}

// controller names the object that the revision belongs to, as in
// statefulset.apps/web.
func controller(r object) any {
	owner := metav1.GetControllerOf(r)
	if owner == nil {
		return registry.None
	}
	kind := schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind()
	return strings.ToLower(kind.String()) + "/" + owner.Name
}
