package storage

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/registry/generic"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

const mapsPrefix = "/configmaps"

// newLazy returns the storage of config maps on an etcd of its own.
func newLazy(t *testing.T, shared bool) *lazyCache {
	t.Helper()
	etcd, err := startReady(t, EtcdConfig{Dir: t.TempDir(), NoSync: true})
	testutil.Check(t, err)
	t.Cleanup(etcd.Close)
	etcd.shared = shared
	return lazyOn(t, NewBackend(BackendConfig{Etcd: etcd, WatchCache: true}))
}

func lazyOn(t *testing.T, b *Backend) *lazyCache {
	t.Helper()
	config := storagebackend.NewDefaultConfig("/registry", apis.Codecs.LegacyCodec(corev1.SchemeGroupVersion))
	storage, destroy, err := b.cachedStorage(config.ForResource(corev1.Resource("configmaps")), mapsPrefix,
		func(obj runtime.Object) (string, error) {
			m := obj.(*corev1.ConfigMap)
			return mapsPrefix + "/" + m.Namespace + "/" + m.Name, nil
		},
		func() runtime.Object { return &corev1.ConfigMap{} }, func() runtime.Object { return &corev1.ConfigMapList{} },
		func(obj runtime.Object) (labels.Set, fields.Set, error) {
			m := obj.(*corev1.ConfigMap)
			return m.Labels, generic.ObjectMetaFieldsSet(&m.ObjectMeta, true), nil
		}, nil, nil)
	testutil.Check(t, err)
	t.Cleanup(destroy)
	return storage.(*lazyCache)
}

func create(t *testing.T, l *lazyCache, name string) *corev1.ConfigMap {
	t.Helper()
	created := &corev1.ConfigMap{}
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "n"}}
	testutil.Check(t, l.Create(t.Context(), mapsPrefix+"/n/"+name, m, created, 0))
	return created
}

func options(version string) apistorage.ListOptions {
	return apistorage.ListOptions{ResourceVersion: version, Recursive: true,
		Predicate: apistorage.SelectionPredicate{Label: labels.Everything(), Field: fields.Everything(), AllowWatchBookmarks: true}}
}

func next(t *testing.T, w watch.Interface) watch.Event {
	t.Helper()
	select {
	case event, open := <-w.ResultChan():
		if !open {
			t.Fatal("the watch has ended")
		}
		return event
	case <-time.After(10 * time.Second):
		t.Fatal("no event")
		return watch.Event{}
	}
}

// configMap returns the object of an event, which the cache may have wrapped.
func configMap(event watch.Event) *corev1.ConfigMap {
	object := event.Object
	if wrapped, ok := object.(runtime.CacheableObject); ok {
		object = wrapped.GetObject()
	}
	m, ok := object.(*corev1.ConfigMap)
	if !ok {
		return &corev1.ConfigMap{}
	}
	return m
}

func name(event watch.Event) string { return string(event.Type) + " " + configMap(event).Name }

func TestDormantWatches(t *testing.T) {
	l := newLazy(t, false)
	now, err := l.GetCurrentResourceVersion(t.Context())
	testutil.Check(t, err)
	list := options("")
	list.SendInitialEvents, list.ResourceVersionMatch = ptr.To(true), metav1.ResourceVersionMatchNotOlderThan
	listing, err := l.Watch(t.Context(), mapsPrefix, list)
	testutil.Check(t, err)
	defer listing.Stop()
	end := next(t, listing)
	marker, ok := end.Object.(*corev1.ConfigMap)
	if end.Type != watch.Bookmark || !ok || marker.Annotations[metav1.InitialEventsAnnotationKey] != "true" || marker.ResourceVersion == "" {
		t.Errorf("the initial events end with %v", end)
	}
	var plain []watch.Interface
	for _, version := range []string{"", "0", fmt.Sprint(now)} {
		w, err := l.Watch(t.Context(), mapsPrefix, options(version))
		testutil.Check(t, err)
		defer w.Stop()
		plain = append(plain, w)
	}
	ended, err := l.Watch(t.Context(), mapsPrefix, options(""))
	testutil.Check(t, err)
	ended.Stop()
	if _, open := <-ended.ResultChan(); open {
		t.Error("a stopped watch has an event")
	}
	if l.cached.Load() != nil {
		t.Fatal("a watch of nothing has made the cache")
	}
	create(t, l, "a")
	testutil.Check(t, l.Delete(t.Context(), mapsPrefix+"/n/a", &corev1.ConfigMap{}, nil, apistorage.ValidateAllObjectFunc, nil, apistorage.DeleteOptions{}))
	create(t, l, "b")
	for i, w := range append(plain, listing) {
		for _, want := range []string{"ADDED a", "DELETED a", "ADDED b"} {
			if got := name(next(t, w)); got != want {
				t.Errorf("watch %d: %s, want %s", i, got, want)
			}
		}
	}
	if l.cached.Load() == nil {
		t.Error("there is no cache")
	}
}

// TestFirstWrites creates the first objects while watches begin. Each watch sees
// every object that is not in the list with which it begins.
func TestFirstWrites(t *testing.T) {
	for range 20 {
		t.Run("", firstWrites) // a test of its own, so that each etcd is gone from the disk before the next one starts
	}
}

func firstWrites(t *testing.T) {
	l := newLazy(t, false)
	const writers, watchers = 4, 8
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() { create(t, l, fmt.Sprintf("m-%d", i)) })
	}
	for range watchers {
		group.Go(func() {
			seen := map[string]bool{}
			list := &corev1.ConfigMapList{}
			if err := l.GetList(t.Context(), mapsPrefix, options(""), list); err != nil {
				t.Error(err)
				return
			}
			for _, item := range list.Items {
				seen[item.Name] = true
			}
			w, err := l.Watch(t.Context(), mapsPrefix, options(list.ResourceVersion))
			if err != nil {
				t.Error(err)
				return
			}
			defer w.Stop()
			timeout := time.After(10 * time.Second)
			for len(seen) < writers {
				select {
				case event := <-w.ResultChan():
					if event.Type == watch.Added {
						seen[configMap(event).Name] = true
					} else if event.Type != watch.Bookmark {
						t.Errorf("the event is %v", event)
						return
					}
				case <-timeout:
					t.Errorf("a watch has seen %v", seen)
					return
				}
			}
		})
	}
	group.Wait()
}

// restarted returns the backend of an etcd with a config map of an earlier run.
func restarted(t *testing.T) *Backend {
	t.Helper()
	dir := t.TempDir()
	etcd, err := startReady(t, EtcdConfig{Dir: dir, NoSync: true})
	testutil.Check(t, err)
	create(t, lazyOn(t, NewBackend(BackendConfig{Etcd: etcd, WatchCache: true})), "old")
	etcd.Close()

	if etcd, err = startReady(t, EtcdConfig{Dir: dir, NoSync: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Close)
	return NewBackend(BackendConfig{Etcd: etcd, WatchCache: true})
}

// TestStillWatches shows that watches of objects that have not changed since the start
// are dormant, and that each kind of write wakes them before it is executed.
func TestStillWatches(t *testing.T) {
	for _, test := range []struct {
		name  string
		write func(t *testing.T, l *lazyCache)
		want  string
	}{
		{"creation", func(t *testing.T, l *lazyCache) { create(t, l, "new") }, "ADDED new"},
		{"update", func(t *testing.T, l *lazyCache) {
			testutil.Check(t, l.GuaranteedUpdate(t.Context(), mapsPrefix+"/n/old", &corev1.ConfigMap{}, false, nil,
				apistorage.SimpleUpdate(func(obj runtime.Object) (runtime.Object, error) {
					obj.(*corev1.ConfigMap).Data = map[string]string{"k": "v"}
					return obj, nil
				}), nil))
		}, "MODIFIED old"},
		{"deletion", func(t *testing.T, l *lazyCache) {
			testutil.Check(t, l.Delete(t.Context(), mapsPrefix+"/n/old", &corev1.ConfigMap{}, nil, apistorage.ValidateAllObjectFunc, nil, apistorage.DeleteOptions{}))
		}, "DELETED old"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := restarted(t)
			l, still := lazyOn(t, b), b.Stillness(corev1.Resource("configmaps"))
			list := &corev1.ConfigMapList{}
			testutil.Check(t, l.GetList(t.Context(), mapsPrefix, options(""), list))
			w, err := l.Watch(t.Context(), mapsPrefix, options(list.ResourceVersion))
			testutil.Check(t, err)
			defer w.Stop()
			if l.cached.Load() != nil || still.Err() != nil {
				t.Error("the watch has made the cache")
			}
			test.write(t, l)
			if got := name(next(t, w)); got != test.want || still.Err() == nil {
				t.Errorf("the event is %s, want %s; still: %v", got, test.want, still.Err() == nil)
			}
		})
	}
}

// TestFirstList shows that lists of informers share what objects refer to until the first
// write, and that none of them is a list from before it afterwards.
func TestFirstList(t *testing.T) {
	l := lazyOn(t, restarted(t))
	get := func() *corev1.ConfigMapList {
		list := &corev1.ConfigMapList{}
		testutil.Check(t, l.GetList(objects.Following(t.Context()), mapsPrefix, options(""), list))
		return list
	}
	one, other := get(), get()
	if one.ResourceVersion == "" || other.ResourceVersion != one.ResourceVersion || len(other.Items) != 1 || other.Items[0].Name != "old" {
		t.Fatalf("the second list is %v, the first one %v", other, one)
	}
	if other.Items[0].Name = "changed"; one.Items[0].Name != "old" || get().Items[0].Name != "old" {
		t.Error("the lists share their objects")
	}
	create(t, l, "new")
	if list := get(); len(list.Items) != 2 {
		t.Errorf("after a write: %v", list)
	}
}

// TestWritesOfNothing shows that changes of what does not exist wake nobody.
func TestWritesOfNothing(t *testing.T) {
	l := newLazy(t, false)
	err := l.Delete(t.Context(), mapsPrefix+"/n/none", &corev1.ConfigMap{}, nil, apistorage.ValidateAllObjectFunc, nil, apistorage.DeleteOptions{})
	if !apistorage.IsNotFound(err) || !l.occupancy.isStill() || l.occupancy.isOccupied() {
		t.Errorf("after %v: still %v, occupied %v", err, l.occupancy.isStill(), l.occupancy.isOccupied())
	}
}

// TestExistingObjects shows that objects of an earlier run count, and that a watch that
// begins with them is served by the cache.
func TestExistingObjects(t *testing.T) {
	b := restarted(t)
	l := lazyOn(t, b)
	w, err := l.Watch(t.Context(), mapsPrefix, options("0"))
	testutil.Check(t, err)
	defer w.Stop()
	if got := name(next(t, w)); got != "ADDED old" {
		t.Errorf("the event is %s", got)
	}
	if b.Vacancy(t.Context(), corev1.Resource("configmaps")).Err() == nil {
		t.Error("the resource counts as empty")
	}
}

// TestSharedEtcd shows that nothing sleeps where others write, too.
func TestSharedEtcd(t *testing.T) {
	l := newLazy(t, true)
	w, err := l.Watch(t.Context(), mapsPrefix, options("0"))
	testutil.Check(t, err)
	defer w.Stop()
	if l.cached.Load() == nil {
		t.Error("the watch is not served by a cache")
	}
}

func TestCacheForRepeatedLists(t *testing.T) {
	l := newLazy(t, false)
	for range 2 * uncachedLists {
		testutil.Check(t, l.GetList(t.Context(), mapsPrefix, options(""), &corev1.ConfigMapList{}))
	}
	if l.cached.Load() != nil {
		t.Error("lists of nothing have made the cache")
	}
	create(t, l, "a")
	for i := range uncachedLists + 1 {
		if cached := l.cached.Load() != nil; cached {
			t.Errorf("list %d has made the cache", i)
		}
		list := &corev1.ConfigMapList{}
		testutil.Check(t, l.GetList(t.Context(), mapsPrefix, options(""), list))
		if len(list.Items) != 1 {
			t.Errorf("the list has %d items", len(list.Items))
		}
	}
	if l.cached.Load() == nil {
		t.Error("repeated lists have not made the cache")
	}
}

// TestCacheForListsAfterRestart lists objects that were written before the server was started.
func TestCacheForListsAfterRestart(t *testing.T) {
	etcd, err := startReady(t, EtcdConfig{Dir: t.TempDir(), NoSync: true})
	testutil.Check(t, err)
	t.Cleanup(etcd.Close)
	create(t, lazyOn(t, NewBackend(BackendConfig{Etcd: etcd, WatchCache: true})), "a")
	l := lazyOn(t, NewBackend(BackendConfig{Etcd: etcd, WatchCache: true}))
	for range uncachedLists + 1 {
		testutil.Check(t, l.GetList(t.Context(), mapsPrefix, options(""), &corev1.ConfigMapList{}))
	}
	if l.cached.Load() == nil {
		t.Error("repeated lists have not made the cache")
	}
	if !l.occupancy.isStill() {
		t.Error("lists count as writes")
	}
}

// TestCacheForRepeatedReads makes the cache for reads that may be answered from it, but not for others.
func TestCacheForRepeatedReads(t *testing.T) {
	l := newLazy(t, false)
	create(t, l, "a")
	read := func(resourceVersion string) {
		t.Helper()
		got := &corev1.ConfigMap{}
		testutil.Check(t, l.Get(t.Context(), mapsPrefix+"/n/a", apistorage.GetOptions{ResourceVersion: resourceVersion}, got))
		if got.Name != "a" {
			t.Fatalf("the object is %q", got.Name)
		}
	}
	for range uncachedReads {
		read("")
	}
	for range uncachedReads - 1 {
		read("0")
	}
	if made := l.reads.Load(); made != uncachedReads-1 {
		t.Errorf("%d reads count", made)
	}
	l.mu.Lock()
	if l.cacher != nil {
		t.Error("the cache is made too early")
	}
	l.mu.Unlock()
	read("0")
	for l.cached.Load() == nil && t.Context().Err() == nil {
		time.Sleep(time.Millisecond)
	}
	read("0")
}

// TestCacheForLargeLists makes the cache for the first list of many objects, but not for a page.
func TestCacheForLargeLists(t *testing.T) {
	l := newLazy(t, false)
	for i := range largeList + 1 {
		create(t, l, strconv.Itoa(i))
	}
	page := options("")
	page.Predicate.Limit = 1
	testutil.Check(t, l.GetList(t.Context(), mapsPrefix, page, &corev1.ConfigMapList{}))
	if l.cached.Load() != nil {
		t.Error("a page has made the cache")
	}
	testutil.Check(t, l.GetList(t.Context(), mapsPrefix, options(""), &corev1.ConfigMapList{}))
	if l.cached.Load() == nil {
		t.Error("a list of many objects has not made the cache")
	}
}

// TestClosedStorage shows that watches end with the storage.
func TestClosedStorage(t *testing.T) {
	l := newLazy(t, false)
	w, err := l.Watch(context.Background(), mapsPrefix, options(""))
	testutil.Check(t, err)
	l.stop()
	if _, open := <-w.ResultChan(); open {
		t.Error("the watch has an event")
	}
	if _, err := l.Watch(context.Background(), mapsPrefix, options("")); err == nil {
		t.Error("a watch began on closed storage")
	}
}

// TestFilledAtOnce shows that a resource whose cache is made at the start counts as
// occupied: those who wait for its first object would wait in vain.
func TestFilledAtOnce(t *testing.T) {
	l := newLazy(t, false)
	l.fillAtOnce()
	if !l.occupancy.isOccupied() {
		t.Error("the resource counts as empty")
	}
}

// TestUpdatesBeginWithEtcd updates an object that was just changed, as often as it
// takes for a cache to be behind now and then. Each change must be tried only once.
func TestUpdatesBeginWithEtcd(t *testing.T) {
	l := newLazy(t, false)
	create(t, l, "m")
	_, err := l.fill(t.Context())
	testutil.Check(t, err)
	tries := 0
	const updates = 500
	for i := range updates {
		testutil.Check(t, l.GuaranteedUpdate(t.Context(), mapsPrefix+"/n/m", &corev1.ConfigMap{}, false, nil,
			func(obj runtime.Object, _ apistorage.ResponseMeta) (runtime.Object, *uint64, error) {
				tries++
				m := obj.(*corev1.ConfigMap)
				m.Data = map[string]string{"i": fmt.Sprint(i)}
				return m, nil, nil
			}, nil))
	}
	if tries != updates {
		t.Errorf("%d updates were tried %d times", updates, tries)
	}
}
