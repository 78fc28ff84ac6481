package clusterroleaggregation_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/clusterroleaggregation"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func TestAggregation(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=" + clusterroleaggregation.Name}})
	roles := kubernetes.NewForConfigOrDie(s.Config).RbacV1().ClusterRoles()
	eventually := func(what string, holds func(view *rbacv1.ClusterRole) bool) {
		t.Helper()
		var last *rbacv1.ClusterRole
		err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
			var err error
			last, err = roles.Get(ctx, "view", metav1.GetOptions{})
			return err == nil && holds(last), err
		})
		if err != nil {
			t.Fatalf("%s: %v; rules of view: %v", what, err, last.Rules)
		}
	}
	widgets := []rbacv1.PolicyRule{{APIGroups: []string{"example.com"}, Resources: []string{"widgets"}, Verbs: []string{"get"}}}
	has := func(view *rbacv1.ClusterRole) bool {
		for _, rule := range view.Rules {
			if fmt.Sprint(rule) == fmt.Sprint(widgets[0]) {
				return true
			}
		}
		return false
	}
	source, err := roles.Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{
		Name: "widgets", Labels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-view": "true"}}, Rules: widgets}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually("a labelled role is aggregated, beside the bootstrap policy", func(view *rbacv1.ClusterRole) bool { return has(view) && len(view.Rules) > 5 })

	// The controller overwrites rules that another client has set.
	view, err := roles.Get(t.Context(), "view", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	view.Rules = nil
	if _, err := roles.Update(t.Context(), view, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually("the rules come back", has)

	source.Labels = nil
	if _, err := roles.Update(t.Context(), source, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually("a role without the label is not aggregated", func(view *rbacv1.ClusterRole) bool { return !has(view) && len(view.Rules) > 5 })
}
