// Package guard prevents privilege escalation: users cannot grant permissions
// that they do not have, neither by a role nor by a binding.
package guard

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// Needs contains what a guard depends on: Authorizer tells what users may do,
// and RBAC which rules apply to them.
type Needs struct {
	Authorizer authorizer.Authorizer
	RBAC       *rbac.Resolver
}

// Guard checks the write requests of users.
type Guard struct {
	Needs
	objects *objects.Access
}

// Check returns an error if the user of the context must not write obj. old is
// an empty object if obj is new.
type Check[T registry.Object] func(ctx context.Context, g Guard, obj, old T) error

// Wrap returns the Wrap function of a resource whose write requests are
// checked. Requests of members of system:masters are not checked, and neither
// are changes of only those fields that the garbage collector sets.
func Wrap[T registry.Object](needs Needs, empty func() T, check Check[T]) func(*registry.REST, registry.Deps) rest.Storage {
	return func(main *registry.REST, deps registry.Deps) rest.Storage {
		g := Guard{needs, deps.Objects}
		return &storage{REST: main, check: func(ctx context.Context, obj, old runtime.Object) error {
			if u, ok := genericapirequest.UserFrom(ctx); ok && slices.Contains(u.GetGroups(), user.SystemPrivilegedGroup) {
				return nil
			}
			before, ok := old.(T)
			if !ok {
				before = empty()
			}
			if registry.OnlyForGarbageCollection(obj.(T), before) {
				return nil
			}
			return check(ctx, g, obj.(T), before)
		}}
	}
}

type storage struct {
	*registry.REST
	check func(ctx context.Context, obj, old runtime.Object) error
}

var _ rest.StandardStorage = (*storage)(nil)

// Create implements rest.Creater.
func (s *storage) Create(ctx context.Context, obj runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	if err := s.check(ctx, obj, nil); err != nil {
		return nil, err
	}
	return s.REST.Create(ctx, obj, validate, options)
}

// Update implements rest.Updater. The check runs after all other
// transformations of the object, because the result of a patch is known only
// then.
func (s *storage) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, create rest.ValidateObjectFunc,
	update rest.ValidateObjectUpdateFunc, forceCreate bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	checked := rest.WrapUpdatedObjectInfo(info, func(ctx context.Context, obj, old runtime.Object) (runtime.Object, error) {
		return obj, s.check(ctx, obj, old)
	})
	return s.REST.Update(ctx, name, checked, create, update, forceCreate, options)
}

// May reports whether the user of the context is allowed to make the request
// with the given attributes, for example to bind a role.
func (g Guard) May(ctx context.Context, a authorizer.AttributesRecord) bool {
	u, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return false
	}
	a.User, a.APIVersion, a.ResourceRequest = u, "*", true
	decision, _, err := g.Authorizer.Authorize(ctx, a)
	return err == nil && decision == authorizer.DecisionAllow
}

// MayEscalate reports whether the user may write roles with permissions that
// the user does not have.
func (g Guard) MayEscalate(ctx context.Context) bool {
	info, ok := genericapirequest.RequestInfoFrom(ctx)
	return ok && info.IsResourceRequest && g.May(ctx, authorizer.AttributesRecord{
		Verb: "escalate", APIGroup: info.APIGroup, Resource: info.Resource, Name: info.Name, Namespace: info.Namespace})
}
