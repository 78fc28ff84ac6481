// Package podspec contains the rules for pods, which workloads share through
// their pod templates: the validation of the spec and of the changes that each
// subresource of a pod allows, the warnings about questionable pods, the fields
// that are cleared because their feature is disabled, the quality of service
// class, and the AppArmor profiles in annotations.
//
// Errors are in the order in which kube-apiserver reports them.
package podspec
