package storage

import (
	"context"
	"reflect"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/cacher/metrics"
)

const (
	// initialBuffer is how many events may wait for the client. The handler sends what it has
	// when none waits, so that a small number costs many small parts of the response.
	initialBuffer = 128
	// maxInitial is the greatest number of bytes that the lists of all initialWatches of a resource
	// may have. They are the structs of the objects without what these refer to, which they
	// share with the watch cache.
	maxInitial = 32 << 20
)

// initialWatch is a watch that begins with the objects that there are (KEP-3157), which it takes from
// a list. A watch of the cache copies each of them completely, because an encoder writes
// the kind into an object; it may write it into the struct of a list as well.
type initialWatch struct {
	objects  reflect.Value
	bookmark runtime.Object
	later    watch.Interface
	release  func()

	events chan watch.Event
	once   sync.Once
	done   chan struct{}
}

// watchFromList returns the watch that begins with a list, or nil if the cache has to serve it: because
// something else is asked for, because the list fails, or because too many others are under way.
func (l *lazyCache) watchFromList(ctx context.Context, cache apistorage.Interface, key string, opts apistorage.ListOptions) watch.Interface {
	if opts.SendInitialEvents == nil || !*opts.SendInitialEvents || !opts.Predicate.AllowWatchBookmarks || !opts.Recursive || opts.ResourceVersion == "0" {
		return nil
	}
	list, bookmark := l.newListFunc(), l.newFunc()
	objects, ok := structsOf(list)
	if !ok {
		return nil
	}
	whole := opts
	whole.SendInitialEvents, whole.Predicate.AllowWatchBookmarks = nil, false
	if whole.ResourceVersion != "" {
		whole.ResourceVersionMatch = metav1.ResourceVersionMatchNotOlderThan
	}
	if err := cache.GetList(ctx, key, whole, list); err != nil {
		if apistorage.IsTooLargeResourceVersion(err) {
			return ended(failed(err)) // the cache would wait as long once more
		}
		return nil
	}
	size := int64(objects.Len()) * int64(objects.Type().Elem().Size())
	release := func() { l.initial.Add(-size) }
	if l.initial.Add(size) > maxInitial {
		release()
		return nil
	}
	later, err := l.watchAfter(ctx, cache, key, opts, list, bookmark)
	if err != nil {
		release()
		return nil
	}
	metrics.InitCounter.WithLabelValues(l.resource.Group, l.resource.Resource).Add(float64(objects.Len()))
	w := &initialWatch{objects: objects, bookmark: bookmark, later: later, release: release,
		events: make(chan watch.Event, initialBuffer), done: make(chan struct{})}
	go w.run()
	return w
}

// watchAfter begins the watch of what happens after the list, and makes the bookmark that is between both.
func (l *lazyCache) watchAfter(ctx context.Context, cache apistorage.Interface, key string, opts apistorage.ListOptions,
	list, bookmark runtime.Object) (watch.Interface, error) {
	accessor, err := meta.ListAccessor(list)
	if err != nil {
		return nil, err
	}
	version, err := l.Versioner().ParseResourceVersion(accessor.GetResourceVersion())
	if err != nil {
		return nil, err
	}
	if err := l.Versioner().UpdateObject(bookmark, version); err != nil {
		return nil, err
	}
	if err := apistorage.AnnotateInitialEventsEndBookmark(bookmark); err != nil {
		return nil, err
	}
	opts.ResourceVersion, opts.SendInitialEvents = accessor.GetResourceVersion(), nil
	return cache.Watch(ctx, key, opts)
}

// structsOf returns the items of a list, if they are structs whose kind can be
// changed without changing what they share with others.
func structsOf(list runtime.Object) (reflect.Value, bool) {
	pointer, err := meta.GetItemsPtr(list)
	if err != nil {
		return reflect.Value{}, false
	}
	items := reflect.ValueOf(pointer).Elem()
	item := items.Type().Elem()
	return items, item.Kind() == reflect.Struct && item.NumField() > 0 && item.Field(0).Type == reflect.TypeFor[metav1.TypeMeta]()
}

// ended returns a watch that ends with an event.
func ended(event watch.Event) watch.Interface {
	events := make(chan watch.Event, 1)
	events <- event
	close(events)
	return watch.NewProxyWatcher(events)
}

// ResultChan implements watch.Interface.
func (w *initialWatch) ResultChan() <-chan watch.Event { return w.events }

// Stop implements watch.Interface.
func (w *initialWatch) Stop() {
	w.once.Do(func() {
		close(w.done)
		w.later.Stop()
	})
}

func (w *initialWatch) run() {
	defer close(w.events)
	defer w.Stop()
	if !w.begin() {
		return
	}
	for event := range w.later.ResultChan() {
		if !w.send(event) {
			return
		}
	}
}

// begin sends the objects of the list, and then forgets it.
func (w *initialWatch) begin() bool {
	defer w.release()
	objects := w.objects
	w.objects = reflect.Value{}
	for i := range objects.Len() {
		if !w.send(watch.Event{Type: watch.Added, Object: objects.Index(i).Addr().Interface().(runtime.Object)}) {
			return false
		}
	}
	return w.send(watch.Event{Type: watch.Bookmark, Object: w.bookmark})
}

// send reports whether the watch goes on.
func (w *initialWatch) send(event watch.Event) bool {
	select {
	case w.events <- event:
		return true
	case <-w.done:
		return false
	}
}
