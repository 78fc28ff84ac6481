package storage

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

func initialOptions(version string) apistorage.ListOptions {
	out := options(version)
	out.SendInitialEvents = ptr.To(true)
	return out
}

// TestInitialWatch compares watches that begin with the objects with those of the cache.
func TestInitialWatch(t *testing.T) {
	l := newLazy(t, true)
	first := create(t, l, "a").ResourceVersion
	create(t, l, "b")
	cache, err := l.fill(t.Context())
	testutil.Check(t, err)
	selecting := initialOptions("")
	selecting.Predicate.Label = labels.SelectorFromSet(labels.Set{"no": "object"})
	plain := initialOptions("")
	plain.SendInitialEvents = nil
	single := initialOptions("")
	single.Recursive = false
	for name, test := range map[string]struct {
		opts     apistorage.ListOptions
		fromList bool
	}{
		"the latest":      {initialOptions(""), true},
		"not older than":  {initialOptions(first), true},
		"any":             {initialOptions("0"), false},
		"some objects":    {selecting, true},
		"only changes":    {plain, false},
		"a single object": {single, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := l.Watch(t.Context(), mapsPrefix, test.opts)
			testutil.Check(t, err)
			defer w.Stop()
			if _, fromList := w.(*initialWatch); fromList != test.fromList {
				t.Fatalf("the watch is a %T", w)
			}
			reference, err := cache.Watch(t.Context(), mapsPrefix, test.opts)
			testutil.Check(t, err)
			defer reference.Stop()
			if !test.fromList {
				return
			}
			for {
				got, want := next(t, w), next(t, reference)
				if got.Type != want.Type || !reflect.DeepEqual(configMap(got), configMap(want)) {
					t.Errorf("%s %+v, want %s %+v", got.Type, configMap(got), want.Type, configMap(want))
				}
				configMap(got).Kind = "written" // as encoders do; others must not see it
				if want.Type == watch.Bookmark {
					break
				}
			}
			if l.initial.Load() != 0 {
				t.Errorf("%d bytes are in use", l.initial.Load())
			}
		})
	}
	w, err := l.Watch(t.Context(), mapsPrefix, initialOptions(""))
	testutil.Check(t, err)
	defer w.Stop()
	create(t, l, "c")
	for _, want := range []string{"ADDED a", "ADDED b", "BOOKMARK ", "ADDED c"} {
		if got := name(next(t, w)); got != want {
			t.Errorf("the event is %s, want %s", got, want)
		}
	}
}

// TestInitialWatchOfTheFuture ends with the error of the cache.
func TestInitialWatchOfTheFuture(t *testing.T) {
	l := newLazy(t, true)
	create(t, l, "a")
	cache, err := l.fill(t.Context())
	testutil.Check(t, err)
	var events []watch.Event
	for _, from := range []apistorage.Interface{l, cache} {
		w, err := from.Watch(t.Context(), mapsPrefix, initialOptions("1000000"))
		testutil.Check(t, err)
		events = append(events, next(t, w))
		if event, open := <-w.ResultChan(); open {
			t.Errorf("%+v follows", event)
		}
	}
	if !reflect.DeepEqual(events[0], events[1]) {
		t.Errorf("the event is %+v, want %+v", events[0], events[1])
	}
}

// TestInitialWatchIsBounded leaves watches to the cache when many lists are in memory.
func TestInitialWatchIsBounded(t *testing.T) {
	l := newLazy(t, true)
	create(t, l, "a")
	_, err := l.fill(t.Context())
	testutil.Check(t, err)
	l.initial.Store(maxInitial)
	w, err := l.Watch(t.Context(), mapsPrefix, initialOptions(""))
	testutil.Check(t, err)
	defer w.Stop()
	if _, fromList := w.(*initialWatch); fromList {
		t.Error("a list is made all the same")
	}
	if got := name(next(t, w)); got != "ADDED a" {
		t.Errorf("the event is %s", got)
	}
	if l.initial.Load() != maxInitial {
		t.Errorf("%d bytes are in use, want %d", l.initial.Load(), maxInitial)
	}
}

// TestInitialWatchIsStopped stops a watch of which nobody has read anything.
func TestInitialWatchIsStopped(t *testing.T) {
	l := newLazy(t, true)
	create(t, l, "a")
	_, err := l.fill(t.Context())
	testutil.Check(t, err)
	w, err := l.Watch(t.Context(), mapsPrefix, initialOptions(""))
	testutil.Check(t, err)
	w.Stop()
	w.Stop()
	for range w.ResultChan() { // until it is closed
	}
	if l.initial.Load() != 0 {
		t.Errorf("%d bytes are in use", l.initial.Load())
	}
}

// TestStructsOf finds lists whose objects may share what they refer to.
func TestStructsOf(t *testing.T) {
	for name, test := range map[string]struct {
		list runtime.Object
		want bool
	}{
		"Go types": {&corev1.ConfigMapList{}, true},
		"untyped":  {&unstructured.UnstructuredList{}, false},
		"metadata": {&metav1.PartialObjectMetadataList{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, got := structsOf(test.list); got != test.want {
				t.Errorf("structs: %v, want %v", got, test.want)
			}
		})
	}
}
