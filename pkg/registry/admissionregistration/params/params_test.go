package params_test

import (
	"context"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestParams checks that a user who may write policies and bindings needs to be
// allowed to read the parameters. She may get every config map and list those of
// the namespace default.
func TestParams(t *testing.T) {
	s := testserver.Start(t)
	admin := kubernetes.NewForConfigOrDie(s.Config)
	as := restclient.CopyConfig(s.Config)
	as.Impersonate = restclient.ImpersonationConfig{UserName: "eve"}
	eve := kubernetes.NewForConfigOrDie(as).AdmissionregistrationV1()
	allow(t, admin)
	for name, kind := range map[string]*admissionregistrationv1.ParamKind{
		"maps": {APIVersion: "v1", Kind: "ConfigMap"}, "secrets": {APIVersion: "v1", Kind: "Secret"},
		"unknown": {APIVersion: "example.com/v1", Kind: "Unknown"}, "none": nil,
	} {
		must(t)(admin.AdmissionregistrationV1().ValidatingAdmissionPolicies().Create(t.Context(), validating(name, kind), metav1.CreateOptions{}))
		must(t)(admin.AdmissionregistrationV1().MutatingAdmissionPolicies().Create(t.Context(), mutating(name, kind), metav1.CreateOptions{}))
	}
	for _, name := range []string{"maps", "secrets"} {
		must(t)(admin.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Create(t.Context(), binding(name, name, named("p")), metav1.CreateOptions{}))
	}
	if err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		return newPolicy("v1", "ConfigMap")(t.Context(), eve) == nil, nil
	}); err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct {
		write   attempt
		refusal string
	}{
		"kind that she may read": {newPolicy("v1", "ConfigMap"), ""},
		"kind that she may not read": {newPolicy("v1", "Secret"), `spec.paramKind: Forbidden: user &{eve  [system:authenticated] map[]} ` +
			`must have "get" permission on all objects of the referenced paramKind (kind=Secret, apiVersion=v1)`},
		"kind that is not served":         {newPolicy("example.com/v1", "Unknown"), `must have "get" permission`},
		"kind of a subresource":           {newPolicy("policy/v1", "Eviction"), `must have "get" permission`},
		"mutation by a kind":              {newMutation("v1", "ConfigMap"), ""},
		"mutation by another kind":        {newMutation("v1", "Secret"), `must have "get" permission`},
		"policy that keeps its kind":      {patchPolicy("secrets", `{"metadata": {"labels": {"a": "b"}}}`), ""},
		"policy that loses its kind":      {patchPolicy("secrets", `{"spec": {"paramKind": null}}`), ""},
		"policy that gets another kind":   {patchPolicy("maps", `{"spec": {"paramKind": {"kind": "Secret"}}}`), `must have "get" permission`},
		"binding without parameters":      {newBinding("absent", nil), ""},
		"binding by name":                 {newBinding("maps", named("p")), ""},
		"binding by name in a namespace":  {newBinding("maps", in("kube-system", named("p"))), ""},
		"binding by labels":               {newBinding("maps", in("default", selected())), ""},
		"binding by labels elsewhere":     {newBinding("maps", in("kube-system", selected())), `does not have "list" permission on the object`},
		"binding by labels, cluster-wide": {newBinding("maps", selected()), `does not have "list" permission on the object`},
		"binding to a secret":             {newBinding("secrets", named("p")), `does not have "get" permission on the object referenced by paramRef`},
		"binding to no kind":              {newBinding("none", named("p")), `does not have "get" permission on the object referenced by paramRef`},
		"binding to an unknown kind": {newBinding("unknown", named("p")), "unable to resolve paramKind &{example.com/v1 Unknown} to determine minimum " +
			`required permissions and user &{eve  [system:authenticated] map[]} does not have "get" permission for all groups, versions and resources`},
		"binding to an absent policy":   {newBinding("absent", named("p")), "unable to get policy absent to determine minimum required permissions"},
		"binding that keeps its params": {patchBinding("secrets", `{"metadata": {"labels": {"a": "b"}}}`), `does not have "get" permission`},
		"binding that is hers":          {patchBinding("maps", `{"spec": {"paramRef": {"name": "q"}}}`), ""},
		"mutating binding":              {newMutatingBinding("maps", named("p")), ""},
		"mutating binding to a secret":  {newMutatingBinding("secrets", named("p")), `does not have "get" permission on the object referenced by paramRef`},
	} {
		t.Run(name, func(t *testing.T) {
			switch err := test.write(t.Context(), eve); {
			case test.refusal == "" && err != nil:
				t.Error(err)
			case test.refusal != "" && (err == nil || !strings.Contains(err.Error(), test.refusal)):
				t.Errorf("got %v, want %s", err, test.refusal)
			}
		})
	}
}

// allow gives eve the permissions of the test.
func allow(t *testing.T, admin kubernetes.Interface) {
	t.Helper()
	role := func(name string, group, resource string, verbs ...string) {
		must(t)(admin.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name},
			Rules: []rbacv1.PolicyRule{{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}}}, metav1.CreateOptions{}))
	}
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: "eve"}}
	role("lister", "", "configmaps", "list")
	role("getter", "", "configmaps", "get")
	role("writer", admissionregistrationv1.GroupName, "*", "*")
	must(t)(admin.RbacV1().RoleBindings("default").Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "lister"}, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "lister"}}, metav1.CreateOptions{}))
	for _, name := range []string{"getter", "writer"} {
		must(t)(admin.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: name}}, metav1.CreateOptions{}))
	}
}
