// Package v1beta1 holds the defaults, the generated declarative validation and the
// conversions of resource.k8s.io/v1beta1. Its types are those of k8s.io/api/resource/v1beta1.
//
// +k8s:conversion-gen=k8s.io/api/resource/v1
// +k8s:conversion-gen-external-types=k8s.io/api/resource/v1beta1
// +k8s:defaulter-gen=TypeMeta
// +k8s:defaulter-gen-input=k8s.io/api/resource/v1beta1
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/resource/v1beta1
package v1beta1
