// Package goform writes API objects the way kube-apiserver quotes them in its messages.
//
// kube-apiserver validates types of its own that carry no JSON tags. Where a message quotes a structure, as in
// "Invalid value: {"Type":"","LocalhostProfile":"p.json"}", and in the difference shown when a pod is updated, clients
// therefore see the names of Go fields, in the order of declaration, with nothing left out. Of makes a value that
// encoding/json writes in that form from the published types. Shapes that are arranged differently there are listed
// in shapes.go.
package goform
