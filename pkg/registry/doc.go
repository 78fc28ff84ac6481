// Package registry turns the definition of a resource, a Resource value, into
// the storage that GenericAPIServer serves.
//
// A resource is one Go value in a folder of its own
// (pkg/registry/<group>/<resource>), which holds everything that is particular
// to it. What it leaves nil is the default. The types of k8s.io/api serve as
// hub: a resource is decoded, validated, converted to a table and stored as its
// GA type.
package registry
