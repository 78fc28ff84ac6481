package validation

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

// Binding contains the fields that role bindings and cluster role bindings have
// in common.
type Binding struct {
	RoleRef  rbacv1.RoleRef
	Subjects []rbacv1.Subject
}

// Validate checks a binding. kinds are the kinds of roles that it may refer to.
// In a namespaced binding, the namespace of a service account is optional.
func (b Binding) Validate(namespaced bool, kinds ...string) field.ErrorList {
	errs := validateRoleRef(&b.RoleRef, kinds, field.NewPath("roleRef"))
	for i := range b.Subjects {
		errs = append(errs, validateSubject(&b.Subjects[i], namespaced, field.NewPath("subjects").Index(i))...)
	}
	return errs
}

// ValidateUpdate checks that a binding still refers to the same role.
func (b Binding) ValidateUpdate(old Binding) field.ErrorList {
	if b.RoleRef == old.RoleRef {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("roleRef"), goform.Of(b.RoleRef), "cannot change roleRef")}
}

func validateRoleRef(ref *rbacv1.RoleRef, kinds []string, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if ref.APIGroup != rbacv1.GroupName {
		errs = append(errs, field.NotSupported(at.Child("apiGroup"), ref.APIGroup, []string{rbacv1.GroupName}))
	}
	if !slices.Contains(kinds, ref.Kind) {
		errs = append(errs, field.NotSupported(at.Child("kind"), ref.Kind, kinds))
	}
	if ref.Name == "" {
		return append(errs, field.Required(at.Child("name"), ""))
	}
	for _, message := range pathvalidation.IsValidPathSegmentName(ref.Name) {
		errs = append(errs, field.Invalid(at.Child("name"), ref.Name, message))
	}
	return errs
}

var subjectKinds = []string{rbacv1.ServiceAccountKind, rbacv1.UserKind, rbacv1.GroupKind}

func validateSubject(subject *rbacv1.Subject, namespaced bool, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if subject.Name == "" {
		errs = append(errs, field.Required(at.Child("name"), ""))
	}
	group := rbacv1.GroupName
	switch subject.Kind {
	case rbacv1.UserKind, rbacv1.GroupKind:
	case rbacv1.ServiceAccountKind:
		group = ""
		if subject.Name != "" {
			for _, message := range apivalidation.ValidateServiceAccountName(subject.Name, false) {
				errs = append(errs, field.Invalid(at.Child("name"), subject.Name, message))
			}
		}
	default:
		return append(errs, field.NotSupported(at.Child("kind"), subject.Kind, subjectKinds))
	}
	if subject.APIGroup != group {
		errs = append(errs, field.NotSupported(at.Child("apiGroup"), subject.APIGroup, []string{group}))
	}
	if subject.Kind == rbacv1.ServiceAccountKind && !namespaced && subject.Namespace == "" {
		errs = append(errs, field.Required(at.Child("namespace"), ""))
	}
	return errs
}
