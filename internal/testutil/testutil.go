// Package testutil has what the tests of many packages share.
package testutil

import "testing"

// Check ends the test if there is an error.
func Check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
