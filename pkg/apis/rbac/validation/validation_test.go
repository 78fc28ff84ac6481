package validation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func messages(errs field.ErrorList) (all []string) {
	for _, err := range errs {
		all = append(all, err.Error())
	}
	return all
}

func TestValidateRules(t *testing.T) {
	for _, test := range []struct {
		name       string
		rule       rbacv1.PolicyRule
		namespaced bool
		want       []string
	}{
		{"resources", rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}, true, nil},
		{"URLs", rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/metrics"}}, false, nil},
		{"empty", rbacv1.PolicyRule{}, true, []string{
			"rules[0].verbs: Required value: verbs must contain at least one value",
			"rules[0].apiGroups: Required value: resource rules must supply at least one api group",
			"rules[0].resources: Required value: resource rules must supply at least one resource",
		}},
		{"URLs in a namespace", rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/a"}}, true, []string{
			`rules[0].nonResourceURLs: Invalid value: ["/a"]: namespaced rules cannot apply to non-resource URLs`,
		}},
		{"both", rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/a"}, ResourceNames: []string{"x"}}, false, []string{
			`rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and non-resource URLs`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, messages(ValidateRules([]rbacv1.PolicyRule{test.rule}, test.namespaced, field.NewPath("rules")))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValidateBinding(t *testing.T) {
	role := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "r"}
	for _, test := range []struct {
		name       string
		binding    Binding
		namespaced bool
		want       []string
	}{
		{"good", Binding{role, []rbacv1.Subject{
			{APIGroup: rbacv1.GroupName, Kind: "User", Name: "Any Name/at all"}, {Kind: "ServiceAccount", Name: "a", Namespace: "b"},
		}}, false, nil},
		{"account without a namespace", Binding{role, []rbacv1.Subject{{Kind: "ServiceAccount", Name: "a"}}}, true, nil},
		{"account without a namespace in the cluster", Binding{role, []rbacv1.Subject{{Kind: "ServiceAccount", Name: "a"}}}, false, []string{
			"subjects[0].namespace: Required value",
		}},
		{"role", Binding{RoleRef: rbacv1.RoleRef{APIGroup: "x", Kind: "Role", Name: ".."}}, false, []string{
			`roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"`,
			`roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"`,
			`roleRef.name: Invalid value: "..": may not be '..'`,
		}},
		{"subjects", Binding{role, []rbacv1.Subject{{Kind: "Pod"}, {Kind: "Group", Name: "g"}, {APIGroup: "x", Kind: "ServiceAccount", Name: "a_"}}}, true, []string{
			"subjects[0].name: Required value",
			`subjects[0].kind: Unsupported value: "Pod": supported values: "ServiceAccount", "User", "Group"`,
			`subjects[1].apiGroup: Unsupported value: "": supported values: "rbac.authorization.k8s.io"`,
			`subjects[2].name: Invalid value: "a_": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
			`subjects[2].apiGroup: Unsupported value: "x": supported values: ""`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, messages(test.binding.Validate(test.namespaced, "ClusterRole"))); diff != "" {
				t.Error(diff)
			}
		})
	}
	changed := Binding{RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "other"}}.ValidateUpdate(Binding{RoleRef: role})
	want := []string{`roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"other"}: cannot change roleRef`}
	if diff := cmp.Diff(want, messages(changed)); diff != "" {
		t.Error(diff)
	}
}
