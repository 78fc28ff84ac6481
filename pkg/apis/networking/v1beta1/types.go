// Package v1beta1 contains the conversions of networking.k8s.io/v1beta1 to and
// from networking.k8s.io/v1, whose types are the hubs. Kubernetes 1.36 is the last
// version that serves it, if --runtime-config enables it.
package v1beta1

import (
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// AddTypes registers the types that are still served. k8s.io/api has others, which
// Kubernetes 1.22 has removed.
func AddTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(networkingv1beta1.SchemeGroupVersion,
		&networkingv1beta1.IPAddress{}, &networkingv1beta1.IPAddressList{},
		&networkingv1beta1.ServiceCIDR{}, &networkingv1beta1.ServiceCIDRList{},
	)
	metav1.AddToGroupVersion(scheme, networkingv1beta1.SchemeGroupVersion)
	return nil
}
