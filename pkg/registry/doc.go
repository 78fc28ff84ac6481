// Package registry turns the definition of a resource, a Resource value, into
// the storage that GenericAPIServer serves.
//
// A resource is one Go value in a folder of its own
// (pkg/registry/<group>/<resource>), which holds everything that is particular
// to it. A field that is nil has the default that its comment states. The hub of
// a kind is a type of k8s.io/api: objects are decoded into it, validated,
// converted to tables and stored without a conversion to another type.
//
// The adapter in this package turns a Resource into a strategy and a store of
// k8s.io/apiserver. What every strategy does with the metadata, the spec and the
// status follows from Resource.Parts; the hooks add what is particular.
package registry
