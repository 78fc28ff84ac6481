// Package tree checks the rules that all source files of the project keep: what
// may import what, how lines and files are measured, what has a doc comment.
// It reads the files and compiles nothing, so it takes a few seconds at most.
//
// The layers, and which packages are public, are read from ARCHITECTURE.md.
// The exported names of the public packages are kept in testdata/api.txt, so
// that a change of them is seen:
//
//	go test ./test/tree -run PublicAPI -update
package tree
