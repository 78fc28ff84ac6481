package namespace

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// resource is a resource whose objects are in namespaces and can be deleted.
type resource struct {
	schema.GroupVersionResource
	// list and deleteCollection tell whether the resource has these verbs.
	list, deleteCollection bool
}

// resources returns all resources whose objects may have to be deleted. The findings contain what could not be discovered. Nothing is
// kept for the next time: a resource may be served since a moment ago, and an object
// of it may exist.
func (c *content) resources(ctx context.Context) (resources []resource, found findings) {
	lists, err := c.discover(ctx)
	found.discoveryErr = err
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			found.parsingErr = err
			continue
		}
		for _, r := range list.APIResources {
			has := func(verb string) bool { return slices.Contains(r.Verbs, verb) }
			served := resource{gv.WithResource(r.Name), has("list"), has("deletecollection")}
			if served.deleteCollection || served.list && has("delete") {
				resources = append(resources, served)
			}
		}
	}
	return resources, found
}
