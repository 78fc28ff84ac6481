// Package ownerreferences implements the admission plugin
// OwnerReferencesPermissionEnforcement. Owner references decide when objects are
// deleted: only who may delete an object may change its references, and only who
// may set the finalizers of an owner may make it wait for its dependents.
package ownerreferences

import (
	"context"
	"io"
	"slices"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "OwnerReferencesPermissionEnforcement", Off: true, New: func(io.Reader) (admission.Interface, error) {
		return newPlugin(), nil
	}}
}

type plugin struct {
	*admission.Validating
	authorizer authorizer.Authorizer
	mapper     meta.RESTMapper
}

var (
	_ initializer.WantsAuthorizer = (*plugin)(nil)
	_ initializer.WantsRESTMapper = (*plugin)(nil)
)

func newPlugin() *plugin {
	p := &plugin{}
	p.Validating = admission.Validate(admission.OnAll(p.validate, admission.Create, admission.Update))
	return p
}

// SetAuthorizer implements initializer.WantsAuthorizer.
func (p *plugin) SetAuthorizer(a authorizer.Authorizer) { p.authorizer = a }

// SetRESTMapper implements initializer.WantsRESTMapper.
func (p *plugin) SetRESTMapper(m meta.RESTMapper) { p.mapper = m }

func (p *plugin) validate(ctx context.Context, a admission.Attributes) error {
	references, old := ownersOf(a.GetObject()), ownersOf(a.GetOldObject())
	if apiequality.Semantic.DeepEqual(references, old) {
		return nil
	}
	if a.GetOperation() == admission.Update {
		if decision, reason, err := p.authorizer.Authorize(ctx, deletion(a)); decision != authorizer.DecisionAllow {
			return admission.Forbidden(a, "cannot set an ownerRef on a resource you can't delete: %v, %v", reason, err)
		}
	}
	for _, reference := range references {
		if !blocks(reference) || slices.ContainsFunc(old, func(o metav1.OwnerReference) bool { return o.UID == reference.UID && blocks(o) }) {
			continue
		}
		if err := p.mayBlock(ctx, a, reference); err != nil {
			return err
		}
	}
	return nil
}

// mayBlock checks that the user may set the finalizers of an owner.
func (p *plugin) mayBlock(ctx context.Context, a admission.Attributes, owner metav1.OwnerReference) error {
	kind := schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind)
	mapping, err := p.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return admission.Forbidden(a, "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion %v Kind %v: %w",
			owner.APIVersion, owner.Kind, err)
	}
	question := authorizer.AttributesRecord{User: a.GetUserInfo(), Verb: "update", Name: owner.Name, ResourceRequest: true,
		APIGroup: mapping.Resource.Group, APIVersion: mapping.Resource.Version, Resource: mapping.Resource.Resource, Subresource: "finalizers"}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		question.Namespace = a.GetNamespace()
	}
	if decision, reason, err := p.authorizer.Authorize(ctx, question); decision != authorizer.DecisionAllow {
		return admission.Forbidden(a, "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: %v, %v",
			reason, err)
	}
	return nil
}

// deletion asks whether the user may delete the object of a request.
func deletion(a admission.Attributes) authorizer.Attributes {
	resource := a.GetResource()
	return authorizer.AttributesRecord{User: a.GetUserInfo(), Verb: "delete", Namespace: a.GetNamespace(), Name: a.GetName(), ResourceRequest: true,
		APIGroup: resource.Group, APIVersion: resource.Version, Resource: resource.Resource, Subresource: a.GetSubresource()}
}

// ownersOf returns the owner references of an object, and none of what has no metadata.
func ownersOf(obj runtime.Object) []metav1.OwnerReference {
	if accessor, err := meta.Accessor(obj); err == nil {
		return accessor.GetOwnerReferences()
	}
	return nil
}

func blocks(reference metav1.OwnerReference) bool {
	return reference.BlockOwnerDeletion != nil && *reference.BlockOwnerDeletion
}
