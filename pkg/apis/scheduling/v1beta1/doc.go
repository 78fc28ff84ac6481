// Package v1beta1 holds the defaults and the generated declarative validation of
// scheduling.k8s.io/v1beta1. Its types are those of k8s.io/api/scheduling/v1beta1,
// which also serve as the hub version of workloads and pod groups.
//
// +k8s:defaulter-gen=TypeMeta
// +k8s:defaulter-gen-input=k8s.io/api/scheduling/v1beta1
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/scheduling/v1beta1
package v1beta1
