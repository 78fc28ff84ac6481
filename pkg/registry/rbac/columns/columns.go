// Package columns contains the table columns of roles and bindings.
package columns

import (
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/rbac/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Role returns the columns of the two kinds of roles.
func Role[T registry.Object]() []registry.Column[T] {
	return []registry.Column[T]{
		registry.NameColumn[T](),
		{Name: "Created At", Type: "date", Description: registry.Doc(metav1.ObjectMeta{}, "creationTimestamp"),
			Cell: func(obj T) any { return obj.GetCreationTimestamp().UTC().Format(time.RFC3339) }},
	}
}

// Binding returns the table columns of a kind of binding. name is the name of
// the kind and role the kind of role that it refers to; the descriptions of the
// columns contain both.
func Binding[T registry.Object](name, role string, content func(T) validation.Binding) []registry.Column[T] {
	subjects := func(heading, kind string) registry.Column[T] {
		return registry.Column[T]{Name: heading, Priority: 1, Description: heading + " in the " + name,
			Cell: func(obj T) any { return subjectNames(content(obj).Subjects, kind) }}
	}
	return []registry.Column[T]{
		registry.NameColumn[T](),
		{Name: "Role", Description: "RoleRef can " + role + ". If the RoleRef cannot be resolved, the Authorizer must return an error.", Cell: func(obj T) any {
			ref := content(obj).RoleRef
			return ref.Kind + "/" + ref.Name
		}},
		registry.AgeColumn[T](),
		subjects("Users", rbacv1.UserKind),
		subjects("Groups", rbacv1.GroupKind),
		subjects("ServiceAccounts", rbacv1.ServiceAccountKind),
	}
}

// subjectNames returns the names of the subjects of one kind. Those of service
// accounts include the namespace.
func subjectNames(subjects []rbacv1.Subject, kind string) string {
	var names []string
	for _, s := range subjects {
		switch {
		case s.Kind != kind:
		case kind == rbacv1.ServiceAccountKind:
			names = append(names, s.Namespace+"/"+s.Name)
		default:
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, ", ")
}
