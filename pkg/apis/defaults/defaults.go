// Package defaults has what the defaulting functions of all groups share.
package defaults

// Set gives a field that has no value the usual one.
func Set[T any](field **T, usual T) {
	if *field == nil {
		*field = &usual
	}
}
