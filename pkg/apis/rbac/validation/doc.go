// Package validation contains the validation that roles and cluster roles
// share, and that role bindings and cluster role bindings share.
package validation
