// Package crds has no code: see go.mod.
package crds
