package garbagecollector

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// resource is a version of a resource that the server has.
type resource struct {
	gvr        schema.GroupVersionResource
	gvk        schema.GroupVersionKind
	namespaced bool
	verbs      []string
}

// collectable reports whether the objects of the resource can be followed and deleted.
// Events are left out, as in kube-controller-manager: there are many, nothing owns
// them, and they end by themselves.
func (r *resource) collectable() bool {
	switch r.gvr.GroupResource() {
	case corev1.Resource("events"), eventsv1.Resource("events"):
		return false
	}
	return slices.Contains(r.verbs, "list") && slices.Contains(r.verbs, "watch") && slices.Contains(r.verbs, "delete")
}

// served are the resources that a server has.
type served struct {
	// kinds are the resources by version and kind.
	kinds map[schema.GroupVersionKind]*resource
	// collectable are the resources to be followed, in the version that the server
	// prefers.
	collectable map[schema.GroupResource]*resource
}

// discover asks the server for its resources. Of the groups whose server does not
// answer it returns what was known before.
func discover(ctx context.Context, client discovery.ServerResourcesInterface, before served) (served, error) {
	groups, lists, err := discovery.ToServerResourcesInterfaceWithContext(client).ServerGroupsAndResourcesWithContext(ctx)
	var failed *discovery.ErrGroupDiscoveryFailed
	if err != nil && !errors.As(err, &failed) {
		return served{}, err
	}
	s := served{kinds: map[schema.GroupVersionKind]*resource{}, collectable: map[schema.GroupResource]*resource{}}
	byVersion := map[string][]*resource{}
	for _, list := range lists {
		for i := range list.APIResources {
			r, err := newResource(list.GroupVersion, &list.APIResources[i])
			if err != nil {
				return served{}, err
			}
			if strings.Contains(r.gvr.Resource, "/") || !slices.Contains(r.verbs, "get") {
				continue // a subresource, or one that only answers reviews
			}
			byVersion[list.GroupVersion] = append(byVersion[list.GroupVersion], r)
		}
	}
	for _, group := range groups {
		for _, version := range append([]metav1.GroupVersionForDiscovery{group.PreferredVersion}, group.Versions...) {
			s.add(byVersion[version.GroupVersion])
		}
	}
	if failed != nil {
		for _, r := range before.kinds {
			if _, ok := failed.Groups[r.gvr.GroupVersion()]; ok {
				s.add([]*resource{r})
			}
		}
	}
	return s, nil
}

// add adds resources, unless the same are there.
func (s *served) add(resources []*resource) {
	for _, r := range resources {
		if s.kinds[r.gvk] == nil {
			s.kinds[r.gvk] = r
		}
		if group := r.gvr.GroupResource(); r.collectable() && s.collectable[group] == nil {
			s.collectable[group] = r
		}
	}
}

// sameKinds reports whether both have the same kinds.
func (s *served) sameKinds(other served) bool {
	return maps.EqualFunc(s.kinds, other.kinds, func(*resource, *resource) bool { return true })
}

func newResource(groupVersion string, r *metav1.APIResource) (*resource, error) {
	gv, err := schema.ParseGroupVersion(groupVersion)
	if err != nil {
		return nil, err
	}
	return &resource{gv.WithResource(r.Name), gv.WithKind(r.Kind), r.Namespaced, r.Verbs}, nil
}
