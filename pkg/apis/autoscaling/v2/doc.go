// Package v2 holds the defaults and the generated declarative validation of
// autoscaling/v2. Its types are those of k8s.io/api/autoscaling/v2, which also
// serve as the hub version.
//
// +k8s:defaulter-gen=TypeMeta
// +k8s:defaulter-gen-input=k8s.io/api/autoscaling/v2
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/autoscaling/v2
package v2
