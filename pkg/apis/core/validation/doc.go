// Package validation contains the validation that several core resources share:
// names, resource names and quantities, node selectors, taints and tolerations,
// and the field selectors of the downward API.
//
// Validation for a single resource is in the package of that resource under
// pkg/registry.
package validation
