package server

import (
	"context"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// countedInformer returns an informer of one config map, which counts its lists, and
// whose handler counts the objects.
func countedInformer(t *testing.T, vacancy context.Context) (d *dormantInformer, handler cache.ResourceEventHandlerRegistration, lists, added *atomic.Int32) {
	t.Helper()
	lists, added = &atomic.Int32{}, &atomic.Int32{}
	inner := cache.NewSharedIndexInformer(listWatchOnly{&cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			lists.Add(1)
			return &corev1.ConfigMapList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []corev1.ConfigMap{{ObjectMeta: metav1.ObjectMeta{Name: "c"}}}}, nil
		},
		WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) { return watch.NewFake(), nil },
	}}, nil, 0, cache.Indexers{})
	d = newDormantInformer(inner, func() context.Context { return vacancy })
	handler, err := d.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(any) { added.Add(1) }})
	testutil.Check(t, err)
	return d, handler, lists, added
}

type listWatchOnly struct{ *cache.ListWatch }

func (listWatchOnly) IsWatchListSemanticsUnSupported() bool { return true }

func TestDormantInformer(t *testing.T) {
	vacancy, occupied := context.WithCancel(t.Context())
	d, handler, lists, added := countedInformer(t, vacancy)
	other, err := d.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(any) { t.Error("a removed handler is called") }})
	testutil.Check(t, err)
	testutil.Check(t, d.RemoveEventHandler(other))
	synced := func() bool {
		return d.HasSynced() && handler.HasSynced() && cache.IsDone(d.HasSyncedChecker()) && cache.IsDone(handler.HasSyncedChecker())
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		d.RunWithContext(ctx)
		close(ended)
	}()
	if !synced() || lists.Load() != 0 {
		t.Errorf("while there are no objects: synced %v, %d lists", synced(), lists.Load())
	}
	occupied()
	if !synced() {
		t.Error("the informer is not synced any more")
	}
	eventually(t, "the handler has the object", func() bool { return added.Load() == 1 && len(d.GetStore().ListKeys()) == 1 })
	if !synced() || lists.Load() != 1 {
		t.Errorf("with an object: synced %v, %d lists", synced(), lists.Load())
	}
	cancel()
	<-ended
}

// TestAwakeInformer shows that an informer of a resource with objects, or of one of
// which nothing is known, is synced when it has listed them.
func TestAwakeInformer(t *testing.T) {
	occupied, cancel := context.WithCancel(t.Context())
	cancel()
	for name, vacancy := range map[string]context.Context{"unknown": nil, "occupied": occupied} {
		t.Run(name, func(t *testing.T) {
			d, handler, _, added := countedInformer(t, vacancy)
			if d.HasSynced() || handler.HasSynced() || cache.IsDone(d.HasSyncedChecker()) || cache.IsDone(handler.HasSyncedChecker()) {
				t.Error("the informer is synced before it runs")
			}
			go d.RunWithContext(t.Context())
			eventually(t, "synced", func() bool { return d.HasSynced() && handler.HasSynced() })
			if added.Load() != 1 {
				t.Errorf("%d objects", added.Load())
			}
		})
	}
}

// TestSleepingInformerEnds shows that the end of the context ends an informer that has
// never worked.
func TestSleepingInformerEnds(t *testing.T) {
	d, _, lists, _ := countedInformer(t, t.Context())
	stop := make(chan struct{})
	close(stop)
	d.Run(stop)
	if lists.Load() != 0 {
		t.Error("it has worked")
	}
}
