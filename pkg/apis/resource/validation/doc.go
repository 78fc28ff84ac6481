// Package validation has the rules that several resources of resource.k8s.io
// share: names, selectors of devices, taints, conditions for binding, and the spec
// of a claim.
package validation
