// Package v1 holds the defaults and the generated declarative validation of
// certificates.k8s.io/v1. Its types are those of k8s.io/api/certificates/v1,
// which also serve as the hub version, except for PodCertificateRequest: v1 has
// no field for its public key, so that the hub is the type of v1beta1.
//
// +k8s:defaulter-gen=TypeMeta
// +k8s:defaulter-gen-input=k8s.io/api/certificates/v1
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=k8s.io/api/certificates/v1
package v1
