package deployment

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
)

var columns = slices.Concat(
	[]registry.Column[*appsv1.Deployment]{
		registry.NameColumn[*appsv1.Deployment](),
		{Name: "Ready", Description: "Number of the pod with ready state",
			Cell: func(d *appsv1.Deployment) any {
				return fmt.Sprintf("%d/%d", d.Status.ReadyReplicas, ptr.Deref(d.Spec.Replicas, 0))
			}},
		{Name: "Up-to-date", Description: registry.Doc(appsv1.DeploymentStatus{}, "updatedReplicas"),
			Cell: func(d *appsv1.Deployment) any { return d.Status.UpdatedReplicas }},
		{Name: "Available", Description: registry.Doc(appsv1.DeploymentStatus{}, "availableReplicas"),
			Cell: func(d *appsv1.Deployment) any { return d.Status.AvailableReplicas }},
		registry.AgeColumn[*appsv1.Deployment](),
	},
	workload.Columns(
		func(d *appsv1.Deployment) *corev1.PodTemplateSpec { return &d.Spec.Template },
		func(d *appsv1.Deployment) *metav1.LabelSelector { return d.Spec.Selector },
		registry.Doc(appsv1.DeploymentSpec{}, "selector"),
	),
)
