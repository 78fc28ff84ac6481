// Package resourceclaimtemplate defines templates of resource claims: for each pod
// that refers to one, a claim is made of it.
package resourceclaimtemplate

import (
	"context"

	resourcev1 "k8s.io/api/resource/v1"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	resourcev1beta2 "k8s.io/api/resource/v1beta2"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	resourcevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/claims"
)

type object = *resourcev1.ResourceClaimTemplate

var specPath = field.NewPath("spec")

// New returns the definition of resource claim templates.
func New() *registry.Resource[object] {
	access := &claims.AdminAccess{}
	return &registry.Resource[object]{
		GVR:                 resourcev1.SchemeGroupVersion.WithResource("resourceclaimtemplates"),
		Versions:            []schema.GroupVersion{resourcev1.SchemeGroupVersion, resourcev1beta2.SchemeGroupVersion, resourcev1beta1.SchemeGroupVersion},
		Singular:            "resourceclaimtemplate",
		New:                 func() object { return &resourcev1.ResourceClaimTemplate{} },
		NewList:             func() runtime.Object { return &resourcev1.ResourceClaimTemplateList{} },
		ReturnDeletedObject: true,
		Parts:               registry.Parts[object]{Spec: registry.Part(func(t object) *resourcev1.ResourceClaimTemplateSpec { return &t.Spec })},
		ValidateName:        apivalidation.NameIsDNSSubdomain,
		Hooks: registry.Hooks[object]{
			PrepareForCreate: func(_ context.Context, t object) { features.Drop(&t.Spec.Spec, nil, claims.Gated) },
			PrepareForUpdate: func(_ context.Context, t, old object) { features.Drop(&t.Spec.Spec, &old.Spec.Spec, claims.Gated) },
			Validate: func(ctx context.Context, t object) field.ErrorList {
				return append(access.ValidateSpec(ctx, &t.Spec.Spec, t.Namespace), validateSpec(&t.Spec)...)
			},
			OnUpdate:       []registry.Rule{registry.Whole, registry.MetadataChange, registry.Change},
			ValidateUpdate: validateUpdate,
		},
		Columns:   []registry.Column[object]{registry.NameColumn[object](), registry.AgeColumn[object]()},
		Customize: access.Customize,
	}
}

// validateSpec checks the metadata of the claims that are made, which are labels
// and annotations and nothing else, and their spec.
func validateSpec(spec *resourcev1.ResourceClaimTemplateSpec) field.ErrorList {
	p := specPath.Child("metadata")
	errs := apivalidation.ValidateAnnotations(spec.Annotations, p.Child("annotations"))
	errs = append(errs, metav1validation.ValidateLabels(spec.Labels, p.Child("labels"))...)
	errs = append(errs, volume.ForbidOtherFields(spec.ObjectMeta, sets.New("Annotations", "Labels"), "cannot be set", p)...)
	return append(errs, resourcevalidation.ValidateClaimSpec(&spec.Spec, specPath.Child("spec"))...)
}

func validateUpdate(_ context.Context, t, old object) field.ErrorList {
	if apiequality.Semantic.DeepEqual(t.Spec, old.Spec) {
		return nil
	}
	return field.ErrorList{field.Invalid(specPath, goform.Of(t.Spec), "field is immutable")}
}
