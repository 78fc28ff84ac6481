package scale_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	autoscalingv1ac "k8s.io/client-go/applyconfigurations/autoscaling/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func TestScaleOfDeployment(t *testing.T) {
	ctx := t.Context()
	client := kubernetes.NewForConfigOrDie(testserver.Start(t).Config).AppsV1().Deployments("default")
	labels := map[string]string{"app": "web"}
	created, err := client.Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](2),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "nginx"}}},
			},
		},
	}, metav1.CreateOptions{FieldManager: "author"})
	if err != nil {
		t.Fatal(err)
	}

	scale, err := client.GetScale(ctx, "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if scale.UID != created.UID || scale.Spec.Replicas != 2 || scale.Status.Selector != "app=web" {
		t.Errorf("scale: %+v", scale)
	}

	scale.Spec.Replicas = 5
	if scale, err = client.UpdateScale(ctx, "web", scale, metav1.UpdateOptions{FieldManager: "scaler"}); err != nil || scale.Spec.Replicas != 5 {
		t.Fatalf("update: %v, %v", scale, err)
	}
	scaled, err := client.Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if *scaled.Spec.Replicas != 5 || scaled.Generation != created.Generation+1 {
		t.Errorf("replicas %d, generation %d", *scaled.Spec.Replicas, scaled.Generation)
	}
	if owner := ownerOfReplicas(scaled); owner != "scaler by scale" {
		t.Errorf("the replicas belong to %q", owner)
	}

	t.Run("refused", func(t *testing.T) {
		for name, c := range map[string]struct {
			change func(*autoscalingv1.Scale)
			is     func(error) bool
		}{
			"negative": {func(s *autoscalingv1.Scale) { s.Spec.Replicas = -1 }, apierrors.IsInvalid},
			"stale":    {func(s *autoscalingv1.Scale) { s.ResourceVersion = created.ResourceVersion }, apierrors.IsConflict},
			"other":    {func(s *autoscalingv1.Scale) { s.UID = "00000000-0000-0000-0000-000000000000" }, apierrors.IsConflict},
		} {
			bad := scale.DeepCopy()
			c.change(bad)
			if _, err := client.UpdateScale(ctx, "web", bad, metav1.UpdateOptions{}); !c.is(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := client.UpdateScale(ctx, "absent", &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "absent"}},
			metav1.UpdateOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("absent: %v", err)
		}
	})

	t.Run("applied", func(t *testing.T) {
		three := autoscalingv1ac.Scale().WithName("web").WithSpec(autoscalingv1ac.ScaleSpec().WithReplicas(3))
		if _, err := client.ApplyScale(ctx, "web", three, metav1.ApplyOptions{FieldManager: "applier"}); !apierrors.IsConflict(err) ||
			!strings.Contains(err.Error(), `"scaler"`) {
			t.Errorf("a conflict is expected: %v", err)
		}
		if _, err := client.ApplyScale(ctx, "web", three, metav1.ApplyOptions{FieldManager: "applier", Force: true}); err != nil {
			t.Error(err)
		}
	})
}

// ownerOfReplicas returns the manager that owns spec.replicas.
func ownerOfReplicas(d *appsv1.Deployment) string {
	var owners []string
	for _, m := range d.ManagedFields {
		if strings.Contains(string(m.FieldsV1.Raw), `"f:replicas"`) {
			owners = append(owners, m.Manager+" by "+m.Subresource)
		}
	}
	return strings.Join(owners, ", ")
}
