// Package crds has no code. Its go.mod lists modules whose
// CustomResourceDefinitions the tests use.
package crds
