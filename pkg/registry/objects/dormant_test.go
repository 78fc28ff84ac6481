package objects

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// followed is a resource with one config map, whose lists and watches are counted.
type followed struct {
	cache.ListWatch
	lists, watches atomic.Int32
	events         *watch.FakeWatcher
}

func newFollowed() *followed {
	f := &followed{events: watch.NewFakeWithOptions(watch.FakeOptions{ChannelSize: 10})}
	f.ListWithContextFunc = func(context.Context, metav1.ListOptions) (runtime.Object, error) {
		f.lists.Add(1)
		return &corev1.ConfigMapList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []corev1.ConfigMap{*named("first", "1")}}, nil
	}
	f.WatchFuncWithContext = func(context.Context, metav1.ListOptions) (watch.Interface, error) {
		f.watches.Add(1)
		return f.events, nil
	}
	return f
}

func named(name, version string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: version}}
}

// informer returns an informer of the resource that sleeps until the context ends.
func (f *followed) informer(resync time.Duration, stillness context.Context) *dormantInformer {
	begun := NewBegun(f)
	inner := cache.NewSharedIndexInformer(begun, nil, 0, cache.Indexers{})
	return newDormantInformer(inner, begun, resync, func() context.Context { return stillness })
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timeout: %s", what)
		}
	}
}

// told is a handler that notes of what it is told.
type told struct {
	mu  sync.Mutex
	all []string
}

func (h *told) note(what string, obj any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, what+" "+obj.(*corev1.ConfigMap).Name)
}

func (h *told) has(want ...string) bool { return slices.Equal(h.soFar(), want) }

func (h *told) soFar() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.all)
}

// OnAdd implements cache.ResourceEventHandler.
func (h *told) OnAdd(obj any, first bool) { h.note(fmt.Sprintf("add %v", first), obj) }

// OnUpdate implements cache.ResourceEventHandler.
func (h *told) OnUpdate(old, obj any) {
	if old != obj && old.(*corev1.ConfigMap).ResourceVersion == obj.(*corev1.ConfigMap).ResourceVersion {
		return // what the informer that works had in its store
	}
	h.note("update", obj)
}

// OnDelete implements cache.ResourceEventHandler.
func (h *told) OnDelete(obj any) { h.note("delete", obj) }

func (h *told) on(t *testing.T, d *dormantInformer) cache.ResourceEventHandlerRegistration {
	t.Helper()
	r, err := d.AddEventHandler(h)
	testutil.Check(t, err)
	return r
}

// TestDormantInformer shows that handlers learn everything once: the first objects while
// the informer sleeps, later ones when it works, whenever they are added.
func TestDormantInformer(t *testing.T) {
	still, write := context.WithCancel(t.Context())
	resource := newFollowed()
	d := resource.informer(0, still)
	early, removed, late, last := &told{}, &told{}, &told{}, &told{}
	registered := early.on(t, d)
	testutil.Check(t, d.RemoveEventHandler(removed.on(t, d)))
	if d.HasSynced() || registered.HasSynced() || cache.IsDone(d.HasSyncedChecker()) || cache.IsDone(registered.HasSyncedChecker()) {
		t.Error("the informer is synced before it runs")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		d.RunWithContext(ctx)
		close(ended)
	}()
	eventually(t, "synced", func() bool { return d.HasSynced() && registered.HasSynced() && cache.IsDone(d.HasSyncedChecker()) })
	during := late.on(t, d)
	eventually(t, "synced later", func() bool { return during.HasSynced() && cache.IsDone(during.HasSyncedChecker()) })
	for i, handler := range []*told{early, late} {
		if !handler.has("add true first") {
			t.Errorf("handler %d of a sleeping informer was told of %v", i, handler.soFar())
		}
	}
	if d.SharedIndexInformer.HasSynced() || len(d.GetStore().ListKeys()) != 1 {
		t.Errorf("works %v, keys %v", d.SharedIndexInformer.HasSynced(), d.GetStore().ListKeys())
	}
	write()
	resource.events.Add(named("second", "2"))
	for i, handler := range []*told{early, late} {
		eventually(t, fmt.Sprintf("handler %d has the second object", i), func() bool { return handler.has("add true first", "add false second") })
	}
	joined := last.on(t, d)
	eventually(t, "the last handler is synced", joined.HasSynced)
	testutil.Check(t, d.RemoveEventHandler(during))
	resource.events.Delete(named("first", "3"))
	eventually(t, "a deletion", func() bool { return early.has("add true first", "add false second", "delete first") })
	eventually(t, "the last handler has everything", func() bool { return len(last.soFar()) == 3 })
	if len(late.soFar()) != 2 || len(removed.soFar()) != 0 {
		t.Errorf("removed handlers were told of %v and %v", late.soFar(), removed.soFar())
	}
	if resource.lists.Load() != 1 || resource.watches.Load() != 1 {
		t.Errorf("%d lists and %d watches", resource.lists.Load(), resource.watches.Load())
	}
	<-ended // it has not waited for the first write
	cancel()
	eventually(t, "the end", d.IsStopped)
}

// TestHandlerWhileWaking adds a handler between sleep and work: it is told of all objects.
func TestHandlerWhileWaking(t *testing.T) {
	still, write := context.WithCancel(t.Context())
	d := newFollowed().informer(0, still)
	testutil.Check(t, d.fill(t.Context()))
	write()
	d.wake(t.Context())
	handler := &told{}
	registered := handler.on(t, d)
	go d.RunWithContext(t.Context())
	eventually(t, "synced", registered.HasSynced)
	if !handler.has("add true first") {
		t.Errorf("told of %v", handler.soFar())
	}
}

// TestResyncOfDormantInformer shows that handlers are told of the objects again.
func TestResyncOfDormantInformer(t *testing.T) {
	d := newFollowed().informer(time.Millisecond, t.Context())
	handler := &told{}
	handler.on(t, d)
	go d.RunWithContext(t.Context())
	eventually(t, "a resync", func() bool { return slices.Contains(handler.soFar(), "update first") })
}

// TestAwakeInformer shows that an informer works at once if something was written, or if
// nobody knows.
func TestAwakeInformer(t *testing.T) {
	written, cancel := context.WithCancel(t.Context())
	cancel()
	for name, stillness := range map[string]context.Context{"unknown": nil, "written": written} {
		t.Run(name, func(t *testing.T) {
			d, handler := newFollowed().informer(0, stillness), &told{}
			registered := handler.on(t, d)
			if d.HasSynced() || registered.HasSynced() {
				t.Error("the informer is synced before it runs")
			}
			go d.RunWithContext(t.Context())
			eventually(t, "synced", func() bool { return d.HasSynced() && registered.HasSynced() })
			if !handler.has("add true first") || !d.SharedIndexInformer.HasSynced() {
				t.Errorf("told of %v", handler.soFar())
			}
		})
	}
}

// TestSleepingInformerEnds shows that the end of the context ends an informer that has
// never worked, and its watch.
func TestSleepingInformerEnds(t *testing.T) {
	resource := newFollowed()
	d := resource.informer(0, t.Context())
	stop := make(chan struct{})
	close(stop)
	d.Run(stop)
	if d.SharedIndexInformer.HasSynced() || resource.lists.Load() > 1 {
		t.Error("it has worked")
	}
	eventually(t, "the end of the watch", resource.events.IsStopped)
}
