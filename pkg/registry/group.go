package registry

// Group is an API group: what pkg/registry/<group>/<group>.go defines.
type Group struct {
	// Name is the group's name; the core group's is empty.
	Name string
	// Versions are the versions that are served, the preferred one first.
	Versions []Version
}

// Version is one version of a group.
type Version struct {
	// Name is the version's name, such as v1.
	Name string
	// Resources are the version's resources.
	Resources []Definition
}
