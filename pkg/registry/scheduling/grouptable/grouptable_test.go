package grouptable

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// TestCells checks the cells of groups in different states.
func TestCells(t *testing.T) {
	placed, waiting := metav1.Condition{Type: "S", Status: "True"}, metav1.Condition{Type: "S", Status: "False"}
	for name, c := range map[string]struct {
		group Group
		want  [3]string
	}{
		"new":       {Group{}, [3]string{registry.None, registry.None, "Pending"}},
		"placed":    {Group{Gang: true, Workload: "w", Conditions: []metav1.Condition{placed}}, [3]string{"Gang", "w", "Scheduled"}},
		"too big":   {Group{Basic: true, Conditions: []metav1.Condition{waiting}}, [3]string{"Basic", registry.None, "Unschedulable"}},
		"preempted": {Group{Basic: true, Conditions: []metav1.Condition{placed, {Type: "DisruptionTarget", Reason: "R"}}}, [3]string{"Basic", registry.None, "R"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.group.Scheduled = "S"
			if got := [3]string{c.group.policy(), c.group.workload(), c.group.state()}; got != c.want {
				t.Errorf("cells %v, want %v", got, c.want)
			}
		})
	}
}
