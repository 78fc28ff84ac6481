package deployment

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

func valid() *appsv1.Deployment {
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default", ResourceVersion: "1", Generation: 1},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "nginx"}}},
			},
		},
	}
	apis.Scheme.Default(d)
	return d
}

// TestValidate runs a transcript: see registrytest.Validate.
func TestValidate(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, valid)
}

func TestStatus(t *testing.T) {
	old := valid()
	old.Status.CollisionCount = ptr.To[int32](3)
	d := old.DeepCopy()
	d.Status = appsv1.DeploymentStatus{Replicas: 2, ReadyReplicas: 1, AvailableReplicas: 2, UpdatedReplicas: 3}
	const want = "[status.updatedReplicas: Invalid value: 3: cannot be greater than status.replicas" +
		" status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas" +
		" status.collisionCount: Invalid value: 0: cannot be decremented]"
	if got := fmt.Sprint(Resource.ValidateChange(t.Context(), "status", d, old)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestGeneration(t *testing.T) {
	for name, c := range map[string]struct {
		change func(d *appsv1.Deployment)
		want   int64
	}{
		"labels":      {func(d *appsv1.Deployment) { d.Labels = map[string]string{"a": "b"} }, 1},
		"status":      {func(d *appsv1.Deployment) { d.Status.Replicas = 7 }, 1},
		"annotations": {func(d *appsv1.Deployment) { d.Annotations = map[string]string{"a": "b"} }, 2},
		"spec":        {func(d *appsv1.Deployment) { d.Spec.Paused = true }, 2},
	} {
		d := valid()
		c.change(d)
		Resource.PrepareChange(t.Context(), "", d, valid())
		if d.Generation != c.want || d.Status.Replicas != 0 {
			t.Errorf("%s: generation %d, want %d; status %v", name, d.Generation, c.want, d.Status)
		}
	}
}
