package registry

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// Group is an API group: what pkg/registry/<group>/<group>.go defines.
type Group struct {
	// Name is the group's name; the core group's is empty.
	Name string
	// Versions are the versions that are served, the preferred one first.
	Versions []Version
	// Types are the group's types when they are not in the server's Scheme.
	Types *Types
}

// Types are what requests and objects of a group are decoded with.
type Types struct {
	Scheme         *runtime.Scheme
	Codecs         serializer.CodecFactory
	ParameterCodec runtime.ParameterCodec
}

// Version is one version of a group.
type Version struct {
	// Name is the version's name, such as v1.
	Name string
	// Resources are the version's resources.
	Resources []Definition
}
