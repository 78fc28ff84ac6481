// Package defaults contains functions that the defaults of several API groups
// use.
package defaults

// Set sets a field to the usual value if it is nil.
func Set[T any](field **T, usual T) {
	if *field == nil {
		*field = &usual
	}
}
