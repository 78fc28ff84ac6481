package registry

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// Group is an API group: what pkg/registry/<group>/<group>.go defines.
type Group struct {
	// Name is the group's name; the core group's is empty.
	Name string
	// Priority is the place of the group among all in discovery, high ones first:
	// the groupPriorityMinimum of its APIServices. 0: it has none, because it is
	// the group of the APIServices themselves.
	Priority int32
	// Versions are the group's versions, the preferred one first.
	Versions []Version
	// Resources are the group's resources. One that another group serves as well
	// stands in both groups, as the same value.
	Resources []Definition
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
	// Priority is the versionPriority of its APIService; the default depends on
	// the stability of the version.
	Priority int32
}

// The default priorities of versions by their stability.
const (
	gaPriority, betaPriority, alphaPriority = 15, 9, 1
)

// Stable reports whether the version is neither alpha nor beta: only stable
// versions are served by default (KEP-3136).
func (v Version) Stable() bool {
	return !strings.Contains(v.Name, "alpha") && !strings.Contains(v.Name, "beta")
}

// APIServicePriority is the version's Priority or its default.
func (v Version) APIServicePriority() int32 {
	switch {
	case v.Priority != 0:
		return v.Priority
	case v.Stable():
		return gaPriority
	case strings.Contains(v.Name, "beta"):
		return betaPriority
	}
	return alphaPriority
}

// GroupVersion names a version of the group.
func (g *Group) GroupVersion(v Version) schema.GroupVersion {
	return schema.GroupVersion{Group: g.Name, Version: v.Name}
}
