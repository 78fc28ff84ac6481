package garbagecollector

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// syncTimeout is how long the collector waits until the objects of a resource are
// listed. A resource that cannot be listed does not stop the collection of all others.
const syncTimeout = 30 * time.Second

// monitors keep the graph as the server is. There is one for each resource.
type monitors struct {
	metadata metadata.Interface
	// objects and vacancy are those of controllers.Deps.
	objects *objects.Access
	vacancy func(context.Context, schema.GroupVersionResource) context.Context
	graph   *graph
	// look is called with the objects that are to be looked at after a change.
	look func(...types.UID)

	mu         sync.Mutex
	byResource map[schema.GroupResource]*monitor
	// listing are the monitors that have not listed their objects yet.
	listing map[*monitor]bool
}

func newMonitors(d controllers.Deps, graph *graph, look func(...types.UID)) *monitors {
	return &monitors{metadata: d.Metadata, objects: d.Objects, vacancy: d.Vacancy, graph: graph, look: look,
		byResource: map[schema.GroupResource]*monitor{}, listing: map[*monitor]bool{}}
}

// follow starts monitors of new resources, and ends those of resources that are not
// served any more. A monitor keeps its version as long as that is served. The monitors
// end with the context.
func (m *monitors) follow(ctx context.Context, s served) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for group, monitor := range m.byResource {
		if s.collectable[group] == nil || s.kinds[monitor.resource.gvk] == nil || monitor.gone.Load() {
			monitor.stop()
			delete(m.byResource, group)
			delete(m.listing, monitor)
		}
	}
	for group, r := range s.collectable {
		if m.byResource[group] == nil {
			monitor := m.start(ctx, r)
			m.byResource[group], m.listing[monitor] = monitor, true
		}
	}
}

// listed reports whether the graph has the objects of all resources that can be listed.
func (m *monitors) listed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for monitor := range m.listing {
		if monitor.waits() {
			continue
		}
		if started := monitor.started.Load(); !monitor.listed.IsSet() && (started == nil || time.Since(*started) < syncTimeout) {
			return false
		}
		delete(m.listing, monitor)
	}
	return true
}

// monitor writes the objects of a resource to the graph. It is the store of a reflector,
// so that the graph is the only place that has them.
type monitor struct {
	*monitors
	resource *resource
	// vacancy ends when the resource may have objects; the monitor begins then. It is
	// nil if that is not known: the monitor begins at once.
	vacancy context.Context
	started atomic.Pointer[time.Time]
	listed  *signals.Latch
	// gone is true when the server has answered that it does not have the resource.
	gone atomic.Bool
	end  context.CancelFunc

	writing sync.Mutex
	ended   bool
}

func (m *monitors) start(ctx context.Context, r *resource) *monitor {
	ctx, cancel := context.WithCancel(ctx)
	one := &monitor{monitors: m, resource: r, listed: signals.NewLatch(), end: cancel}
	if m.vacancy != nil {
		one.vacancy = m.vacancy(ctx, r.gvr)
	}
	begin := func() {
		now := time.Now()
		one.started.Store(&now)
		one.run(ctx)
	}
	if one.vacancy == nil {
		go begin()
		return one
	}
	forget := context.AfterFunc(one.vacancy, begin)
	context.AfterFunc(ctx, func() { forget() })
	return one
}

// run lists the objects and follows them: in the storage of this server, or by requests
// for their metadata.
func (m *monitor) run(ctx context.Context) {
	options := cache.ReflectorOptions{Name: Name, TypeDescription: m.resource.gvr.String()}
	if _, stored := objects.Storage[rest.Watcher](m.objects, m.resource.gvr.GroupResource()); stored {
		begun := objects.NewBegun(objects.ListWatch(m.objects, m.resource.gvr))
		m.runFrom(ctx, begun, cache.NewReflectorWithOptions(begun, nil, m, options).RunWithContext)
		return
	}
	cache.NewReflectorWithOptions(m.requests(), nil, m, options).RunWithContext(ctx)
}

// runFrom lists the objects, and starts the reflector before the first write. Nobody has
// to read from the watch until then.
func (m *monitor) runFrom(ctx context.Context, begun *objects.Begun, reflect func(context.Context)) {
	still := m.objects.Stillness(m.resource.gvr)
	if still == nil || still.Err() != nil {
		reflect(ctx)
		return
	}
	list, version, err := begun.Begin(ctx)
	if err != nil {
		reflect(ctx)
		return
	}
	all := make([]any, len(list))
	for i := range list {
		all[i] = list[i]
	}
	_ = m.Replace(all, version) // never fails
	context.AfterFunc(ctx, begun.End)
	context.AfterFunc(still, func() { reflect(ctx) })
}

// requests follows the metadata of the objects by requests.
func (m *monitor) requests() cache.ListerWatcher {
	client := m.metadata.Resource(m.resource.gvr)
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list, err := client.List(ctx, options)
			return list, m.unlessGone(ctx, err)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			w, err := client.Watch(ctx, options)
			return w, m.unlessGone(ctx, err)
		},
	}, m.metadata)
}

// waits reports whether the resource has had no object so far.
func (m *monitor) waits() bool {
	return m.vacancy != nil && m.vacancy.Err() == nil
}

// unlessGone waits for the end of the monitor if the resource is not served any more:
// it is of no use to ask again.
func (m *monitor) unlessGone(ctx context.Context, err error) error {
	if apierrors.IsNotFound(err) {
		m.gone.Store(true)
		m.listed.Set()
		<-ctx.Done()
	}
	return err
}

// stop ends the monitor, and removes its objects from the graph: nobody will tell when
// they are deleted.
func (m *monitor) stop() {
	m.end()
	m.write(func() []types.UID {
		m.ended = true
		return m.graph.replace(m.resource, nil)
	})
}

// write changes the graph, unless the monitor has ended.
func (m *monitor) write(change func() []types.UID) {
	m.writing.Lock()
	defer m.writing.Unlock()
	if !m.ended {
		m.look(change()...)
	}
}

// Add and the methods below are called by the reflector.
func (m *monitor) Add(obj any) error { return m.Update(obj) }

// Update stores an object in the graph.
func (m *monitor) Update(obj any) error {
	o := newObject(m.resource, obj.(metav1.Object))
	m.write(func() []types.UID { return m.graph.set(o) })
	return nil
}

// Delete removes an object from the graph.
func (m *monitor) Delete(obj any) error {
	m.write(func() []types.UID { return m.graph.remove(obj.(metav1.Object).GetUID()) })
	return nil
}

// Replace makes the objects of the resource those of a list.
func (m *monitor) Replace(list []any, _ string) error {
	objects := make([]object, 0, len(list))
	for _, obj := range list {
		objects = append(objects, newObject(m.resource, obj.(metav1.Object)))
	}
	m.write(func() []types.UID { return m.graph.replace(m.resource, objects) })
	m.listed.Set()
	return nil
}

// Resync does nothing: there are no resyncs.
func (m *monitor) Resync() error { return nil }
