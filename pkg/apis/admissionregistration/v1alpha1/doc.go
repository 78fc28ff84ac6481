// Package v1alpha1 holds the defaults, the generated declarative validation and the
// conversions of admissionregistration.k8s.io/v1alpha1. Its types are those of
// k8s.io/api/admissionregistration/v1alpha1. All kinds have the hub of
// admissionregistration.k8s.io/v1, and the shapes are equal. What defaults are set
// differs: here a parameter that is not found has one.
//
// +k8s:conversion-gen=k8s.io/api/admissionregistration/v1
// +k8s:conversion-gen-external-types=k8s.io/api/admissionregistration/v1alpha1
// +k8s:defaulter-gen=TypeMeta
// +k8s:defaulter-gen-input=k8s.io/api/admissionregistration/v1alpha1
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/admissionregistration/v1alpha1
package v1alpha1
