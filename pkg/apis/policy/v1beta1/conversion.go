// Package v1beta1 contains the conversions of policy/v1beta1 to and from
// policy/v1, which is the internal version.
package v1beta1

import (
	"errors"

	policyv1 "k8s.io/api/policy/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/conversion"
)

// AddTypes registers the type that is still served. k8s.io/api has another,
// PodDisruptionBudget, which Kubernetes 1.25 has removed.
func AddTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(policyv1beta1.SchemeGroupVersion, &policyv1beta1.Eviction{})
	metav1.AddToGroupVersion(scheme, policyv1beta1.SchemeGroupVersion)
	return nil
}

// AddToScheme registers the conversions. They are necessary because clients can
// send an eviction in either version.
func AddToScheme(scheme *runtime.Scheme) error {
	return errors.Join(
		conversion.Add(scheme, func(in *policyv1beta1.Eviction, out *policyv1.Eviction) {
			out.ObjectMeta, out.DeleteOptions = in.ObjectMeta, in.DeleteOptions
		}),
		conversion.Add(scheme, func(in *policyv1.Eviction, out *policyv1beta1.Eviction) {
			out.ObjectMeta, out.DeleteOptions = in.ObjectMeta, in.DeleteOptions
		}),
	)
}
