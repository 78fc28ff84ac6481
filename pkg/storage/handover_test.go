package storage

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	apistorage "k8s.io/apiserver/pkg/storage"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestHandover watches from resource versions before the cache was filled, each of which
// has other events in etcd. Later events must come from the cache, which shows in the
// objects: it wraps those of an event that it sends to several watches.
func TestHandover(t *testing.T) {
	l := newLazy(t, true)
	versions := []string{fmt.Sprint(l.since.Load())}
	for i := range 4 {
		versions = append(versions, create(t, l, fmt.Sprint("m", i)).ResourceVersion)
	}
	testutil.Check(t, l.Delete(t.Context(), mapsPrefix+"/n/m0", configMap(watch.Event{}), nil, apistorage.ValidateAllObjectFunc, nil, apistorage.DeleteOptions{}))
	early := []string{"ADDED m0", "ADDED m1", "ADDED m2", "ADDED m3", "DELETED m0"}
	_, err := l.fill(t.Context())
	testutil.Check(t, err)
	var watches []watch.Interface
	for i, version := range versions {
		w, err := l.Watch(t.Context(), mapsPrefix, options(version))
		testutil.Check(t, err)
		defer w.Stop()
		if _, ok := w.(*handover); !ok {
			t.Fatalf("the watch from %s is a %T", version, w)
		}
		for _, want := range early[i:] {
			if got := name(next(t, w)); got != want {
				t.Errorf("the watch from %s: %s, want %s", version, got, want)
			}
		}
		watches = append(watches, w)
	}
	for i := 0; ; i++ {
		m := fmt.Sprint("late", i)
		create(t, l, m)
		wrapped := 0
		for _, w := range watches {
			event := next(t, w)
			if got := name(event); got != "ADDED "+m {
				t.Fatalf("the event is %s, want ADDED %s", got, m)
			}
			if _, ok := event.Object.(runtime.CacheableObject); ok {
				wrapped++
			}
		}
		if wrapped == len(watches) {
			break // all have been handed over
		}
	}
	if w, err := l.Watch(t.Context(), mapsPrefix, options(fmt.Sprint(l.filledAt.Load()))); err != nil {
		t.Error(err)
	} else if _, ok := w.(*handover); ok {
		t.Error("a watch from when the cache was filled on is not the cache's")
	} else {
		w.Stop()
	}
	for _, w := range watches {
		w.Stop()
		for range w.ResultChan() {
		}
	}
}
