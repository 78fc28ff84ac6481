// Package v1alpha3 holds the generated declarative validation of
// scheduling.k8s.io/v1alpha3. Jobs contain types of this version in the field
// spec.scheduling.
//
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/scheduling/v1alpha3
package v1alpha3
