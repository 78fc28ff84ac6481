package namespace

import (
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

func TestConditions(t *testing.T) {
	widgets := schema.GroupResource{Group: "example.com", Resource: "widgets"}
	good := map[corev1.NamespaceConditionType]string{
		corev1.NamespaceDeletionDiscoveryFailure: "False ResourcesDiscovered: All resources successfully discovered",
		corev1.NamespaceDeletionGVParsingFailure: "False ParsedGroupVersions: All legacy kube types successfully parsed",
		corev1.NamespaceDeletionContentFailure:   "False ContentDeleted: All content successfully deleted, may be waiting on finalization",
		corev1.NamespaceContentRemaining:         "False ContentRemoved: All content successfully removed",
		corev1.NamespaceFinalizersRemaining:      "False ContentHasNoFinalizers: All content-preserving finalizers finished",
	}
	for _, test := range []struct {
		name  string
		found func(f *findings)
		// want are the conditions that differ from the good ones.
		want     map[corev1.NamespaceConditionType]string
		estimate int64
	}{
		{name: "empty", found: func(*findings) {}},
		{name: "gone", found: func(f *findings) { f.add(kind{resource: widgets, finalizers: map[string]int{}}) }},
		{name: "some groups are not discovered",
			found: func(f *findings) {
				f.discoveryErr = &discovery.ErrGroupDiscoveryFailed{Groups: map[schema.GroupVersion]error{
					{Group: "b", Version: "v1"}: errors.New("second"), {Group: "a", Version: "v1"}: errors.New("first")}}
			},
			want: map[corev1.NamespaceConditionType]string{corev1.NamespaceDeletionDiscoveryFailure: "True DiscoveryFailed: " +
				"Discovery failed for some groups, 2 failing: unable to retrieve the complete list of server APIs: a/v1: first, b/v1: second"}},
		{name: "nothing is discovered",
			found: func(f *findings) { f.discoveryErr = errors.New("down") },
			want: map[corev1.NamespaceConditionType]string{
				corev1.NamespaceDeletionDiscoveryFailure: "True DiscoveryFailed: Discovery failed for some groups, 1 failing: down"}},
		{name: "failures",
			found: func(f *findings) {
				f.add(kind{resource: widgets, err: errors.New("denied")})
				f.add(kind{resource: widgets, err: errors.New("admission")})
			},
			want: map[corev1.NamespaceConditionType]string{
				corev1.NamespaceDeletionContentFailure: "True ContentDeletionFailed: Failed to delete all resource types, 2 remaining: admission, denied"}},
		{name: "finalizers and pods",
			found: func(f *findings) {
				f.add(kind{resource: widgets, remaining: 3, finalizers: map[string]int{"x/b": 2, "x/a": 3}, seconds: 15})
				f.add(kind{resource: corev1.Resource("pods"), remaining: 1, finalizers: map[string]int{"x/a": 1}, seconds: 30})
			},
			want: map[corev1.NamespaceConditionType]string{
				corev1.NamespaceContentRemaining: "True SomeResourcesRemain: Some resources are remaining: " +
					"pods. has 1 resource instances, widgets.example.com has 3 resource instances",
				corev1.NamespaceFinalizersRemaining: "True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: " +
					"x/a in 4 resource instances, x/b in 2 resource instances"},
			estimate: 30},
	} {
		t.Run(test.name, func(t *testing.T) {
			var f findings
			test.found(&f)
			conditions := f.conditions()
			if len(conditions) != len(good) {
				t.Errorf("there are %d conditions", len(conditions))
			}
			for _, c := range conditions {
				want := good[c.Type]
				if special, ok := test.want[c.Type]; ok {
					want = special
				}
				if got := string(c.Status) + " " + c.Reason + ": " + c.Message; got != want {
					t.Errorf("%s is %s\nwant %s", c.Type, got, want)
				}
			}
			if f.empty() != (len(test.want) == 0) {
				t.Errorf("empty: %v", f.empty())
			}
			if f.estimate != test.estimate {
				t.Errorf("the estimate is %d", f.estimate)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	before, now := metav1.Unix(1000, 0), metav1.Unix(2000, 0)
	is := func(kind corev1.NamespaceConditionType, status corev1.ConditionStatus, message string, at metav1.Time) corev1.NamespaceCondition {
		return corev1.NamespaceCondition{Type: kind, Status: status, Message: message, LastTransitionTime: at}
	}
	type list = []corev1.NamespaceCondition
	none := metav1.Time{}
	for _, test := range []struct {
		name           string
		before, wanted list
		want           list
		changed        bool
	}{
		{"first", nil, list{is("a", "True", "x", none)}, list{is("a", "True", "x", now)}, true},
		{"same", list{is("a", "True", "x", before)}, list{is("a", "True", "x", none)}, list{is("a", "True", "x", before)}, false},
		{"other message", list{is("a", "True", "x", before)}, list{is("a", "True", "y", none)}, list{is("a", "True", "y", before)}, true},
		{"other status", list{is("a", "True", "x", before)}, list{is("a", "False", "", none)}, list{is("a", "False", "", now)}, true},
		{"of others", list{is("z", "True", "x", before)}, list{is("a", "True", "", none)}, list{is("z", "True", "x", before), is("a", "True", "", now)}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, changed := merge(test.before, test.wanted, now)
			if !slices.Equal(got, test.want) || changed != test.changed {
				t.Errorf("got %v, %v", got, changed)
			}
		})
	}
}

func TestPause(t *testing.T) {
	for _, test := range []struct {
		name     string
		since    time.Duration
		estimate int64
		want     time.Duration
	}{
		{"at first", 0, 15, soonest},
		{"a clock that is behind", -time.Hour, 15, soonest},
		{"soon", 8 * time.Second, 15, time.Second},
		{"late", time.Hour, 15, 8 * time.Second},
		{"late after failures", time.Hour, 0, 8 * time.Second},
		{"late with pods", time.Hour, 600, 301 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := pause(test.since, test.estimate); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
