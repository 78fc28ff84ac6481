// Package v1alpha3 holds the defaults, the generated declarative validation and
// the conversions of scheduling.k8s.io/v1alpha3, to and from v1beta1. Its types
// are those of k8s.io/api/scheduling/v1alpha3. They are the hub version of
// composite pod groups, which v1beta1 does not have, and jobs contain some of
// them in the field spec.scheduling.
//
// +k8s:conversion-gen=k8s.io/api/scheduling/v1beta1
// +k8s:conversion-gen-external-types=k8s.io/api/scheduling/v1alpha3
// +k8s:defaulter-gen=TypeMeta
// +k8s:defaulter-gen-input=k8s.io/api/scheduling/v1alpha3
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/scheduling/v1alpha3
package v1alpha3
