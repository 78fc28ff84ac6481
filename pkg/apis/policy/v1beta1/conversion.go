// Package v1beta1 has the conversions of policy/v1beta1 to the hub, policy/v1.
package v1beta1

import (
	policyv1 "k8s.io/api/policy/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
)

// AddToScheme registers the conversions. An eviction may be asked for in
// either version.
func AddToScheme(scheme *runtime.Scheme) error {
	if err := scheme.AddConversionFunc((*policyv1beta1.Eviction)(nil), (*policyv1.Eviction)(nil), func(in, out any, _ conversion.Scope) error {
		from, to := in.(*policyv1beta1.Eviction), out.(*policyv1.Eviction)
		to.ObjectMeta, to.DeleteOptions = from.ObjectMeta, from.DeleteOptions
		return nil
	}); err != nil {
		return err
	}
	return scheme.AddConversionFunc((*policyv1.Eviction)(nil), (*policyv1beta1.Eviction)(nil), func(in, out any, _ conversion.Scope) error {
		from, to := in.(*policyv1.Eviction), out.(*policyv1beta1.Eviction)
		to.ObjectMeta, to.DeleteOptions = from.ObjectMeta, from.DeleteOptions
		return nil
	})
}
