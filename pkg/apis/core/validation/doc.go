// Package validation holds the validation that several core resources share:
// names, resource names and quantities, node selectors, taints and
// tolerations, and the selectors of the downward API.
//
// What belongs to one resource only lives in that resource's folder under
// pkg/registry.
package validation
