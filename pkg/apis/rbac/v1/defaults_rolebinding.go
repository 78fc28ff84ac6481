package v1

import rbacv1 "k8s.io/api/rbac/v1"

// SetDefaults_RoleBinding sets the API group of the role, which can only be
// rbac.authorization.k8s.io.
func SetDefaults_RoleBinding(obj *rbacv1.RoleBinding) { setRoleGroup(&obj.RoleRef) }

// SetDefaults_ClusterRoleBinding sets the API group of the role, which can only
// be rbac.authorization.k8s.io.
func SetDefaults_ClusterRoleBinding(obj *rbacv1.ClusterRoleBinding) { setRoleGroup(&obj.RoleRef) }

// SetDefaults_Subject sets the API group of users and groups. Service accounts
// are in the core group, whose name is empty.
func SetDefaults_Subject(obj *rbacv1.Subject) {
	if obj.APIGroup == "" && (obj.Kind == rbacv1.UserKind || obj.Kind == rbacv1.GroupKind) {
		obj.APIGroup = rbacv1.GroupName
	}
}

func setRoleGroup(ref *rbacv1.RoleRef) {
	if ref.APIGroup == "" {
		ref.APIGroup = rbacv1.GroupName
	}
}
