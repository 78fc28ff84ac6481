// Package params checks that who writes an admission policy, or a binding of one,
// may read the parameters that it refers to. Otherwise the policy would tell what
// is in them, by its messages and decisions (KEP-3488).
package params

import (
	"context"
	"fmt"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// all stands for every group, resource, namespace or name.
const all = "*"

// Needs contains what the checks depend on. Nothing is checked by the zero value.
type Needs struct {
	// Authorizer tells what users may do.
	Authorizer authorizer.Authorizer
	// Objects has the policies.
	Objects *objects.Access
	// Resources lists what is served in a group version, also custom resources.
	Resources func(ctx context.Context, groupVersion string) (*metav1.APIResourceList, error)
}

// MayReadKind checks that the user of the context may get all objects of a kind,
// which is a policy's paramKind.
func (n Needs) MayReadKind(ctx context.Context, kind *admissionregistrationv1.ParamKind, path *field.Path) field.ErrorList {
	if kind == nil || n.Authorizer == nil {
		return nil
	}
	read := authorizer.AttributesRecord{Verb: "get", Name: all, Namespace: all, APIVersion: all}
	n.resolve(ctx, kind, &read)
	return n.check(ctx, read, path, func(u user.Info) string {
		return fmt.Sprintf("user %v must have %q permission on all objects of the referenced paramKind (kind=%s, apiVersion=%s)",
			u, read.Verb, kind.Kind, kind.APIVersion)
	})
}

// KindOf returns the paramKind of a policy, which may be nil.
type KindOf func(ctx context.Context, objects *objects.Access, policy string) (*admissionregistrationv1.ParamKind, error)

// MayReadRef checks that the user of the context may read the parameters that a
// binding refers to. If it is not known what resource they are of, because there is
// no such policy or no such kind, the user must be allowed to read any.
func (n Needs) MayReadRef(ctx context.Context, ref *admissionregistrationv1.ParamRef, policy string, kindOf KindOf, path *field.Path) field.ErrorList {
	if ref == nil || n.Authorizer == nil {
		return nil
	}
	read := authorizer.AttributesRecord{Verb: "get", Name: ref.Name, Namespace: ref.Namespace, APIGroup: all, APIVersion: all, Resource: all}
	if ref.Selector != nil {
		read.Verb = "list"
	}
	unknown := ""
	if kind, err := kindOf(ctx, n.Objects, policy); err != nil {
		unknown = "unable to get policy " + policy
	} else if kind != nil && !n.resolve(ctx, kind, &read) {
		unknown = fmt.Sprintf("unable to resolve paramKind &{%s %s}", kind.APIVersion, kind.Kind)
	}
	return n.check(ctx, read, path, func(u user.Info) string {
		if unknown != "" {
			return fmt.Sprintf("%s to determine minimum required permissions and user %v does not have %q permission for all groups, versions and resources",
				unknown, u, read.Verb)
		}
		return fmt.Sprintf("user %v does not have %q permission on the object referenced by paramRef", u, read.Verb)
	})
}

// check asks the authorizer. Members of system:masters may do everything.
func (n Needs) check(ctx context.Context, read authorizer.AttributesRecord, path *field.Path, message func(user.Info) string) field.ErrorList {
	u, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return field.ErrorList{field.InternalError(path, fmt.Errorf("the context has no user"))}
	}
	if slices.Contains(u.GetGroups(), user.SystemPrivilegedGroup) {
		return nil
	}
	read.User, read.ResourceRequest = u, true
	if decision, _, err := n.Authorizer.Authorize(ctx, read); err == nil && decision == authorizer.DecisionAllow {
		return nil
	}
	return field.ErrorList{field.Forbidden(path, message(u))}
}

// resolve sets the group and the resource of a kind, and reports whether the
// resource is served. If it is not, it is any resource of the group.
func (n Needs) resolve(ctx context.Context, kind *admissionregistrationv1.ParamKind, read *authorizer.AttributesRecord) bool {
	gv, err := schema.ParseGroupVersion(kind.APIVersion)
	if err != nil {
		return false
	}
	read.APIGroup, read.APIVersion, read.Resource = gv.Group, gv.Version, all
	list, err := n.Resources(ctx, gv.String())
	if err != nil {
		return false
	}
	for _, r := range list.APIResources {
		if r.Kind == kind.Kind && !strings.Contains(r.Name, "/") {
			read.Resource = r.Name
			return true
		}
	}
	return false
}
