// Package validation holds what roles and cluster roles, and what the two kinds
// of bindings share.
package validation
