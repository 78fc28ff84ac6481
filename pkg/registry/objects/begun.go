package objects

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// Begun follows a resource in two parts. Begin lists the objects and begins to watch
// them. A reflector, of which Begun is the ListerWatcher, goes on from there when there
// is something to read from the watch: as long as nothing changes, nobody has to.
type Begun struct {
	cache.ListerWatcherWithContext

	mu    sync.Mutex
	list  runtime.Object
	watch watch.Interface
}

// NewBegun returns what follows the resource of a ListerWatcher.
func NewBegun(resource cache.ListerWatcher) *Begun {
	return &Begun{ListerWatcherWithContext: cache.ToListerWatcherWithContext(resource)}
}

// Begin lists the objects and begins to watch them, until the context ends or End is
// called. It returns the objects and their resource version. Nobody may change them.
func (b *Begun) Begin(ctx context.Context) (objects []runtime.Object, version string, err error) {
	list, err := b.ListerWatcherWithContext.ListWithContext(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, "", err
	}
	if objects, err = meta.ExtractList(list); err != nil {
		return nil, "", err
	}
	accessor, err := meta.ListAccessor(list)
	if err != nil {
		return nil, "", err
	}
	version = accessor.GetResourceVersion()
	w, err := b.ListerWatcherWithContext.WatchWithContext(ctx, metav1.ListOptions{ResourceVersion: version, AllowWatchBookmarks: true})
	if err != nil {
		return nil, "", fmt.Errorf("watch from %s: %w", version, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list, b.watch = list, w
	return objects, version, nil
}

// End ends the watch, if no reflector has taken it.
func (b *Begun) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watch != nil {
		b.watch.Stop()
	}
	b.list, b.watch = nil, nil
}

// ListWithContext implements cache.ListerWithContext. The first list is that of Begin.
func (b *Begun) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	b.mu.Lock()
	list := b.list
	b.list = nil
	b.mu.Unlock()
	if list != nil {
		return list, nil
	}
	return b.ListerWatcherWithContext.ListWithContext(ctx, options)
}

// WatchWithContext implements cache.WatcherWithContext. The first watch is that of Begin,
// which goes on from the first list.
func (b *Begun) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	b.mu.Lock()
	w := b.watch
	b.watch = nil
	b.mu.Unlock()
	if w != nil {
		return w, nil
	}
	return b.ListerWatcherWithContext.WatchWithContext(ctx, options)
}

// List implements cache.Lister.
func (b *Begun) List(options metav1.ListOptions) (runtime.Object, error) {
	return b.ListWithContext(context.Background(), options)
}

// Watch implements cache.Watcher.
func (b *Begun) Watch(options metav1.ListOptions) (watch.Interface, error) {
	return b.WatchWithContext(context.Background(), options)
}

// IsWatchListSemanticsUnSupported keeps reflectors from streaming the list.
func (*Begun) IsWatchListSemanticsUnSupported() bool { return true }
