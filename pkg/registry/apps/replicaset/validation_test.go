package replicaset

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestStatus(t *testing.T) {
	rs := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default", ResourceVersion: "1"},
		Status:     appsv1.ReplicaSetStatus{Replicas: 1, FullyLabeledReplicas: 3, ReadyReplicas: 1, AvailableReplicas: 2, ObservedGeneration: -1},
	}
	const want = "[status.observedGeneration: Invalid value: -1: must be greater than or equal to 0" +
		" status.fullyLabeledReplicas: Invalid value: 3: cannot be greater than status.replicas" +
		" status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas" +
		" status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas]"
	if got := fmt.Sprint(Resource.ValidateChange(t.Context(), "status", rs, rs)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestGeneration checks which changes increment the generation. Those of
// annotations do not, because in contrast to those of a deployment they are not
// copied to other objects.
func TestGeneration(t *testing.T) {
	old := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Generation: 4}}
	rs := old.DeepCopy()
	rs.Annotations = map[string]string{"a": "b"}
	Resource.PrepareChange(t.Context(), "", rs, old)
	if rs.Generation != 4 {
		t.Errorf("generation %d after a change of annotations", rs.Generation)
	}
	rs.Spec.MinReadySeconds = 5
	Resource.PrepareChange(t.Context(), "", rs, old)
	if rs.Generation != 5 {
		t.Errorf("generation %d after a change of the spec", rs.Generation)
	}
}
