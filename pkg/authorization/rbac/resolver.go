package rbac

import (
	"fmt"
	"iter"

	rbacv1 "k8s.io/api/rbac/v1"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	authserviceaccount "k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	rbacinformers "k8s.io/client-go/informers/rbac/v1"
	rbaclisters "k8s.io/client-go/listers/rbac/v1"
	"k8s.io/client-go/tools/cache"
)

// bySubject is the name of the index in the informers of both kinds of
// bindings.
const bySubject = "gatehouse/subject"

// Resolver finds the rules that apply to a user.
type Resolver struct {
	roles                             rbaclisters.RoleLister
	clusterRoles                      rbaclisters.ClusterRoleLister
	roleBindings, clusterRoleBindings cache.Indexer
}

// New returns a resolver. The informers must not be started yet, because New
// adds an index to them.
func New(informers rbacinformers.Interface) (*Resolver, error) {
	index := cache.Indexers{bySubject: subjectKeys}
	roleBindings, clusterRoleBindings := informers.RoleBindings().Informer(), informers.ClusterRoleBindings().Informer()
	for _, informer := range []cache.SharedIndexInformer{roleBindings, clusterRoleBindings} {
		if err := informer.AddIndexers(index); err != nil {
			return nil, fmt.Errorf("index of bindings: %w", err)
		}
	}
	return &Resolver{
		roles: informers.Roles().Lister(), clusterRoles: informers.ClusterRoles().Lister(),
		roleBindings: roleBindings.GetIndexer(), clusterRoleBindings: clusterRoleBindings.GetIndexer(),
	}, nil
}

// Empty returns a resolver for servers that do not serve roles: no user has any
// rules.
func Empty() *Resolver {
	none := func() cache.Indexer {
		return cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{bySubject: subjectKeys})
	}
	return &Resolver{
		roles: rbaclisters.NewRoleLister(none()), clusterRoles: rbaclisters.NewClusterRoleLister(none()),
		roleBindings: none(), clusterRoleBindings: none(),
	}
}

// grant is a binding that applies to a user.
type grant struct {
	// namespace is empty for a cluster role binding.
	namespace, name string
	role            rbacv1.RoleRef
	subjects        []rbacv1.Subject
}

// subjectKeys is the index function of bindings.
func subjectKeys(obj any) ([]string, error) {
	g, ok := grantOf(obj)
	if !ok {
		return nil, fmt.Errorf("%T is not a binding", obj)
	}
	keys := make([]string, 0, len(g.subjects))
	for i := range g.subjects {
		if key := subjectKey(&g.subjects[i], g.namespace); key != "" {
			keys = append(keys, g.namespace+"/"+key)
		}
	}
	return keys, nil
}

func grantOf(obj any) (grant, bool) {
	switch b := obj.(type) {
	case *rbacv1.ClusterRoleBinding:
		return grant{name: b.Name, role: b.RoleRef, subjects: b.Subjects}, true
	case *rbacv1.RoleBinding:
		return grant{namespace: b.Namespace, name: b.Name, role: b.RoleRef, subjects: b.Subjects}, true
	}
	return grant{}, false
}

// userKey and groupKey are the keys of a subject in the index. The prefix
// distinguishes users from groups of the same name.
func userKey(name string) string  { return "u:" + name }
func groupKey(name string) string { return "g:" + name }

// subjectKey returns the index key of a subject of a binding in the namespace,
// or "" if the subject cannot match anybody.
func subjectKey(subject *rbacv1.Subject, namespace string) string {
	switch subject.Kind {
	case rbacv1.UserKind:
		return userKey(subject.Name)
	case rbacv1.GroupKind:
		return groupKey(subject.Name)
	case rbacv1.ServiceAccountKind:
		if subject.Namespace != "" {
			namespace = subject.Namespace
		}
		if namespace != "" {
			return userKey(authserviceaccount.MakeUsername(namespace, subject.Name))
		}
	}
	return ""
}

// grants yields the bindings of a user that apply in a namespace. If the
// namespace is empty, these are only the cluster role bindings. A binding that
// matches the user several times is yielded several times.
func (r *Resolver) grants(u user.Info, namespace string) iter.Seq[grant] {
	return func(yield func(grant) bool) {
		for key := range userKeys(u) {
			if !each(r.clusterRoleBindings, "/"+key, yield) {
				return
			}
		}
		if namespace == "" {
			return
		}
		for key := range userKeys(u) {
			if !each(r.roleBindings, namespace+"/"+key, yield) {
				return
			}
		}
	}
}

func userKeys(u user.Info) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(userKey(u.GetName())) {
			return
		}
		for _, group := range u.GetGroups() {
			if !yield(groupKey(group)) {
				return
			}
		}
	}
}

func each(bindings cache.Indexer, key string, yield func(grant) bool) bool {
	found, err := bindings.ByIndex(bySubject, key)
	if err != nil {
		return true // an error would mean that the index is missing, but New has added it
	}
	for _, obj := range found {
		if g, ok := grantOf(obj); ok && !yield(g) {
			return false
		}
	}
	return true
}

// RoleRules returns the rules of the role to which a binding in the namespace
// refers.
func (r *Resolver) RoleRules(ref rbacv1.RoleRef, namespace string) ([]rbacv1.PolicyRule, error) {
	switch ref.Kind {
	case "Role":
		role, err := r.roles.Roles(namespace).Get(ref.Name)
		if err != nil {
			return nil, err
		}
		return role.Rules, nil
	case "ClusterRole":
		role, err := r.clusterRoles.Get(ref.Name)
		if err != nil {
			return nil, err
		}
		return role.Rules, nil
	}
	return nil, fmt.Errorf("unsupported role reference kind: %q", ref.Kind)
}

// Rules returns all rules of a user in a namespace, sorted by the names of the
// bindings. If it returns an error, the rules of some bindings are missing.
func (r *Resolver) Rules(u user.Info, namespace string) ([]rbacv1.PolicyRule, error) {
	var rules []rbacv1.PolicyRule
	var errs []error
	for _, g := range sorted(r.grants(u, namespace)) {
		found, err := r.RoleRules(g.role, g.namespace)
		if err != nil {
			errs = append(errs, err)
		}
		rules = append(rules, found...)
	}
	return rules, utilerrors.NewAggregate(errs)
}
