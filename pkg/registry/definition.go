package registry

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/component-base/featuregate"
)

// Info describes a resource regardless of its type.
type Info struct {
	// GVR names the resource in the version of its hub type.
	GVR schema.GroupVersionResource
	// Versions are all group versions in which it is served, the hub's first.
	Versions []schema.GroupVersion
	// Gate is the feature without which it is not served; empty for none.
	Gate featuregate.Feature
	// New returns an empty object of the hub type.
	New func() runtime.Object
	// Stored is false for a resource that is a question: nothing of it is in etcd.
	Stored bool
	// Prefix is its place in etcd below --etcd-prefix.
	Prefix string
	// StorageVersion is the version in which it is stored; empty for the most
	// preferred one of the group.
	StorageVersion string
	// StoredAsJSON is true for JSON in etcd in place of protobuf.
	StoredAsJSON bool
	// WatchCached reports whether reads are served by a watch cache.
	WatchCached bool
	// Codec, if not nil, replaces the codec of the storage by one that uses it.
	Codec func(runtime.Codec) runtime.Codec
}

// In returns the resource in a group version, and whether it is served there.
func (i Info) In(gv schema.GroupVersion) (schema.GroupVersionResource, bool) {
	return gv.WithResource(i.GVR.Resource), slices.Contains(i.Versions, gv)
}

// Definition is a resource regardless of its type.
type Definition interface {
	// Info describes the resource.
	Info() Info
	// FieldLabels lists the fields that can be selected in a group; nil for just
	// the name and the namespace.
	FieldLabels(group string) []string
	// Storage makes the storage of the resource and its subresources, by
	// their names in the URL ("pods", "pods/status").
	Storage(deps Deps) (map[string]rest.Storage, error)
}

// Info implements Definition.
func (r *Resource[T]) Info() Info {
	prefix := r.Prefix
	if prefix == "" {
		prefix = r.GVR.Resource
	}
	return Info{
		GVR: r.GVR, Versions: r.versions(), Gate: r.Gate, New: func() runtime.Object { return r.New() }, Stored: true, Prefix: prefix,
		StorageVersion: r.StorageVersion, StoredAsJSON: r.StoredAsJSON, WatchCached: !r.NoWatchCache,
	}
}

func (r *Resource[T]) versions() []schema.GroupVersion {
	if r.Versions == nil {
		return []schema.GroupVersion{r.GVR.GroupVersion()}
	}
	return r.Versions
}

// Plain is a resource whose storage is written by hand, because it has little in
// common with others.
type Plain struct {
	// Describe describes the resource.
	Describe Info
	// Make makes its storage and that of its subresources, by their names.
	Make func(deps Deps) (map[string]rest.Storage, error)
}

var _ Definition = (*Plain)(nil)

// Info implements Definition.
func (p *Plain) Info() Info { return p.Describe }

// FieldLabels implements Definition: just the name and the namespace.
func (p *Plain) FieldLabels(string) []string { return nil }

// Storage implements Definition.
func (p *Plain) Storage(deps Deps) (map[string]rest.Storage, error) { return p.Make(deps) }
