package clusterrole

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
)

func TestAggregationRule(t *testing.T) {
	for _, test := range []struct {
		name      string
		selectors []metav1.LabelSelector
		want      []string
	}{
		{"good", []metav1.LabelSelector{{MatchLabels: map[string]string{"a": "b"}}}, nil},
		{"none", nil, []string{"aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil"}},
		{"bad", []metav1.LabelSelector{{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "k", Operator: "Is"}}}}, []string{
			`aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator`,
			"aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			role := &rbacv1.ClusterRole{
				ObjectMeta:      metav1.ObjectMeta{Name: "Any:name"},
				AggregationRule: &rbacv1.AggregationRule{ClusterRoleSelectors: test.selectors},
			}
			var got []string
			for _, err := range New(guard.Needs{}).ValidateNew(t.Context(), role) {
				got = append(got, err.Error())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
