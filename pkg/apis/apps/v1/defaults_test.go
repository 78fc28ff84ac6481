package v1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

func TestDeploymentDefaults(t *testing.T) {
	quarter, three := ptr.To(intstr.FromString("25%")), ptr.To(intstr.FromInt32(3))
	rolling := func(unavailable, surge *intstr.IntOrString) appsv1.DeploymentStrategy {
		return appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType,
			RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: unavailable, MaxSurge: surge}}
	}
	for name, c := range map[string]struct{ in, want appsv1.DeploymentStrategy }{
		"nothing said":     {appsv1.DeploymentStrategy{}, rolling(quarter, quarter)},
		"one number given": {rolling(three, nil), rolling(three, quarter)},
		"all at once": {appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType},
			appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}},
	} {
		d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Strategy: c.in, Replicas: ptr.To[int32](0)}}
		SetDefaults_Deployment(d)
		want := appsv1.DeploymentSpec{Strategy: c.want, Replicas: ptr.To[int32](0), RevisionHistoryLimit: ptr.To[int32](10),
			ProgressDeadlineSeconds: ptr.To[int32](600)}
		if diff := cmp.Diff(want, d.Spec); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
