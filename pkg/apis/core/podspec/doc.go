// Package podspec has the rules for pods, which workloads share through their
// templates: the validation of the spec and of what each subresource of a pod
// may change, the warnings about questionable pods, the fields that are dropped
// because their feature is disabled, the quality of service class, and the
// AppArmor profiles in annotations.
//
// Errors come in the order in which kube-apiserver reports them.
package podspec
