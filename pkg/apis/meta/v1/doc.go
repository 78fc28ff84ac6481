// Package v1 holds the generated validation of the meta/v1 types that API
// types embed, so that the validation generated for those can call it.
//
// +k8s:validation-gen=TypesWithSuffix=Condition
// +k8s:validation-gen-input=k8s.io/apimachinery/pkg/apis/meta/v1
// +k8s:validation-gen-scheme-registry=nil
// +k8s:validation-gen-nolint
package v1
