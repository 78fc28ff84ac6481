// Package pod validates pods: their spec, which workloads share through their
// templates, and what may change in a pod by each of its subresources. It also
// knows the warnings about questionable pods, and drops the fields of features
// that are off.
//
// Errors come in the order in which kube-apiserver reports them.
package pod
