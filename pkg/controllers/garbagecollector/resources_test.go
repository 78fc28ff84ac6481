package garbagecollector

import (
	"errors"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// discovered is what a server answers. A line is a version, followed by resources with
// their kind; "!" after a resource says that it cannot be deleted, and "failed" instead of
// resources that the server of the version does not answer. The first version of a group
// is preferred.
type discovered struct {
	discovery.ServerResourcesInterface
	lines []string
}

func (d discovered) ServerGroupsAndResources() (groups []*metav1.APIGroup, lists []*metav1.APIResourceList, err error) {
	failed := &discovery.ErrGroupDiscoveryFailed{Groups: map[schema.GroupVersion]error{}}
	for _, line := range d.lines {
		words := strings.Fields(line)
		gv, err := schema.ParseGroupVersion(words[0])
		if err != nil {
			return nil, nil, err
		}
		version := metav1.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: gv.Version}
		i := slices.IndexFunc(groups, func(g *metav1.APIGroup) bool { return g.Name == gv.Group })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &metav1.APIGroup{Name: gv.Group, PreferredVersion: version})
		}
		groups[i].Versions = append(groups[i].Versions, version)
		if words[1] == "failed" {
			failed.Groups[gv] = errors.New("it does not answer")
			continue
		}
		list := &metav1.APIResourceList{GroupVersion: gv.String()}
		for j := 1; j < len(words); j += 2 {
			name, fixed := strings.CutSuffix(words[j], "!")
			r := metav1.APIResource{Name: name, Kind: words[j+1], Verbs: []string{"get", "list", "watch", "delete"}}
			if fixed {
				r.Verbs = r.Verbs[:3]
			}
			list.APIResources = append(list.APIResources, r)
		}
		lists = append(lists, list)
	}
	if len(failed.Groups) > 0 {
		return groups, lists, failed
	}
	return groups, lists, nil
}

func TestDiscover(t *testing.T) {
	for _, test := range []struct {
		name               string
		before, now        []string
		kinds, collectable string
	}{
		{"a resource", nil, []string{"v1 configmaps ConfigMap"}, "v1/ConfigMap", "v1/configmaps"},
		{"the preferred version", nil, []string{"g/v2 as A", "g/v1 as A bs B"}, "g/v1/A g/v1/B g/v2/A", "g/v1/bs g/v2/as"},
		{"subresources and events", nil, []string{"v1 pods Pod pods/status Pod events Event", "events.k8s.io/v1 events Event"},
			"events.k8s.io/v1/Event v1/Event v1/Pod", "v1/pods"},
		{"a resource that cannot be deleted", nil, []string{"g/v1 as! A"}, "g/v1/A", ""},
		{"a group whose server does not answer now", []string{"g/v1 as A", "h/v1 bs B"}, []string{"g/v1 failed", "h/v1 failed", "v1 pods Pod"},
			"g/v1/A h/v1/B v1/Pod", "g/v1/as h/v1/bs v1/pods"},
		{"a group that is gone", []string{"g/v1 as A", "h/v1 bs B"}, []string{"h/v1 bs B"}, "h/v1/B", "h/v1/bs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, err := discover(t.Context(), discovered{lines: test.before}, served{})
			if err != nil {
				t.Fatal(err)
			}
			now, err := discover(t.Context(), discovered{lines: test.now}, before)
			if err != nil {
				t.Fatal(err)
			}
			var kinds, collectable []string
			for gvk := range now.kinds {
				kinds = append(kinds, gvk.GroupVersion().String()+"/"+gvk.Kind)
			}
			for _, r := range now.collectable {
				collectable = append(collectable, r.gvr.GroupVersion().String()+"/"+r.gvr.Resource)
			}
			slices.Sort(kinds)
			slices.Sort(collectable)
			if got := strings.Join(kinds, " "); got != test.kinds {
				t.Errorf("the kinds are %s, want %s", got, test.kinds)
			}
			if got := strings.Join(collectable, " "); got != test.collectable {
				t.Errorf("collectable are %s, want %s", got, test.collectable)
			}
			if same := now.sameKinds(before); same != slices.Equal(test.before, test.now) {
				t.Errorf("the kinds are the same as before: %v", same)
			}
		})
	}
}
