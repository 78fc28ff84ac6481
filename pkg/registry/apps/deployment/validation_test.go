package deployment

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
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

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(s *appsv1.DeploymentSpec){
		"": func(*appsv1.DeploymentSpec) {},
		"spec.replicas: Invalid value: -1: must be greater than or equal to 0": func(s *appsv1.DeploymentSpec) {
			s.Replicas = ptr.To[int32](-1)
		},
		"spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds": func(s *appsv1.DeploymentSpec) { s.MinReadySeconds = 600 },
		"spec.selector: Invalid value: {}: empty selector is invalid for deployment": func(s *appsv1.DeploymentSpec) {
			s.Selector = &metav1.LabelSelector{}
		},
		"spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'": func(s *appsv1.DeploymentSpec) {
			s.Strategy.Type = appsv1.RecreateDeploymentStrategyType
		},
		`spec.strategy: Unsupported value: {"Type":"Later","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"`: func(s *appsv1.DeploymentSpec) {
			s.Strategy = appsv1.DeploymentStrategy{Type: "Later"}
		},
		"spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0": func(s *appsv1.DeploymentSpec) {
			s.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxUnavailable: ptr.To(intstr.FromInt32(0)), MaxSurge: ptr.To(intstr.FromString("0%"))}
		},
		`spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "150%": must not be greater than 100%`: func(s *appsv1.DeploymentSpec) {
			s.Strategy.RollingUpdate.MaxUnavailable = ptr.To(intstr.FromString("150%"))
		},
	} {
		d := valid()
		change(&d.Spec)
		if got := strings.Trim(fmt.Sprint(Resource.ValidateNew(t.Context(), d)), "[]"); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
}

func TestSelectorIsImmutable(t *testing.T) {
	d := valid()
	d.Spec.Selector.MatchLabels["tier"], d.Spec.Template.Labels["tier"] = "x", "x"
	errs := Resource.ValidateChange(t.Context(), "", d, valid())
	if got, want := fmt.Sprint(errs), `[spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"x"}}: field is immutable]`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
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
