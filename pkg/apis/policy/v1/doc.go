// Package v1 holds the generated declarative validation of policy/v1. Its types
// are those of k8s.io/api/policy/v1, which also serve as the hub version.
//
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/policy/v1
package v1
