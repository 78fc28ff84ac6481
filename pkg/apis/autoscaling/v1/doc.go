// Package v1 holds the defaults, the generated declarative validation and the
// conversions of autoscaling/v1. Its types are those of k8s.io/api/autoscaling/v1.
// The hub of HorizontalPodAutoscaler is the type of autoscaling/v2: what v1 has
// no field for, it carries in annotations. Scale has no other version.
//
// +k8s:conversion-gen=k8s.io/api/autoscaling/v2
// +k8s:conversion-gen-external-types=k8s.io/api/autoscaling/v1
// +k8s:defaulter-gen=TypeMeta
// +k8s:defaulter-gen-input=k8s.io/api/autoscaling/v1
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/autoscaling/v1
package v1
