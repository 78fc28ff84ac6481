// Package goform encodes API objects as JSON in the form in which they appear
// in the messages of kube-apiserver.
//
// kube-apiserver validates its own internal types, which have no JSON tags.
// Where a message contains a structure, as in "Invalid value:
// {"Type":"","LocalhostProfile":"p.json"}" or in the difference for a refused
// update of a pod, it therefore contains the names of Go fields, in the order
// of their declaration, including those of empty fields. Of returns a value
// that encoding/json encodes in this form, given an object of the published
// types. The differences between the internal and the published types are in
// shapes.go.
package goform
