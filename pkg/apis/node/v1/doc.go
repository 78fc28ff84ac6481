// Package v1 holds the generated declarative validation of node.k8s.io/v1. Its
// types are those of k8s.io/api/node/v1, which also serve as the hub version.
// They have no defaults: those of the core group, which would round the overhead
// up, do not apply.
//
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/node/v1
package v1
