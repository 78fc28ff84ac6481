// Package v1alpha1 holds the defaults and the generated declarative validation of
// internal.apiserver.k8s.io/v1alpha1. Its types are those of
// k8s.io/api/apiserverinternal/v1alpha1, which also serve as the hub version.
//
// +k8s:defaulter-gen=TypeMeta
// +k8s:defaulter-gen-input=k8s.io/api/apiserverinternal/v1alpha1
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/apiserverinternal/v1alpha1
package v1alpha1
