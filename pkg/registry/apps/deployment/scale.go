package deployment

import (
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling/scale"
)

func subresources(main *registry.REST, _ registry.Deps) map[string]rest.Storage {
	return map[string]rest.Storage{"scale": scale.New(main, appsv1.SchemeGroupVersion, scale.Scaled[*appsv1.Deployment]{
		Replicas: func(d *appsv1.Deployment) **int32 { return &d.Spec.Replicas },
		Status: func(d *appsv1.Deployment) (int32, *metav1.LabelSelector) {
			return d.Status.Replicas, d.Spec.Selector
		},
	})}
}
