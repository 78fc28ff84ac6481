package v1beta1

import (
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

var (
	localSchemeBuilder = runtime.NewSchemeBuilder(RegisterDefaults)

	// AddToScheme registers the defaults and the declarative validation.
	AddToScheme = localSchemeBuilder.AddToScheme
)

// AddTypes registers the types that are still served. k8s.io/api has another,
// PriorityClass, which Kubernetes 1.22 has removed.
func AddTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(schedulingv1beta1.SchemeGroupVersion,
		&schedulingv1beta1.Workload{}, &schedulingv1beta1.WorkloadList{},
		&schedulingv1beta1.PodGroup{}, &schedulingv1beta1.PodGroupList{},
	)
	metav1.AddToGroupVersion(scheme, schedulingv1beta1.SchemeGroupVersion)
	return nil
}
