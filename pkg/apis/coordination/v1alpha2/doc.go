// Package v1alpha2 holds the defaults, the generated declarative validation and
// the conversions of coordination.k8s.io/v1alpha2, to and from v1beta1. Its types
// are those of k8s.io/api/coordination/v1alpha2.
//
// +k8s:conversion-gen=k8s.io/api/coordination/v1beta1
// +k8s:conversion-gen-external-types=k8s.io/api/coordination/v1alpha2
// +k8s:defaulter-gen=TypeMeta
// +k8s:defaulter-gen-input=k8s.io/api/coordination/v1alpha2
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/coordination/v1alpha2
package v1alpha2
