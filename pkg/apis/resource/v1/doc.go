// Package v1 holds the defaults and the generated declarative validation of
// resource.k8s.io/v1. Its types are those of k8s.io/api/resource/v1, which also
// serve as the hub version, except for pool status requests, which only v1alpha3
// has.
//
// +k8s:defaulter-gen=TypeMeta
// +k8s:defaulter-gen-input=k8s.io/api/resource/v1
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/resource/v1
package v1
