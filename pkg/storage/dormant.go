package storage

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/watch"
	apistorage "k8s.io/apiserver/pkg/storage"
)

// bookmarkInterval is how often a watch tells the current resource version, as
// watches of the cache do.
const bookmarkInterval = time.Minute

// dormantWatch is a watch of a resource that has no objects. It has no goroutine.
// When it is woken, it becomes a watch of the cache.
type dormantWatch struct {
	ctx    context.Context
	cache  *lazyCache
	key    string
	opts   apistorage.ListOptions
	events chan watch.Event
	timer  *time.Timer

	mu sync.Mutex
	// woken is the watch of the cache.
	woken   watch.Interface
	stopped bool
	done    chan struct{}
}

func newDormantWatch(ctx context.Context, l *lazyCache, key string, opts apistorage.ListOptions, now uint64) (*dormantWatch, error) {
	w := &dormantWatch{ctx: ctx, cache: l, key: key, opts: opts, events: make(chan watch.Event, 1), done: make(chan struct{})}
	if !opts.Predicate.AllowWatchBookmarks {
		return w, nil
	}
	if opts.SendInitialEvents != nil && *opts.SendInitialEvents {
		if err := w.bookmark(now, true); err != nil {
			return nil, err
		}
	}
	w.timer = time.AfterFunc(bookmarkInterval, w.tick)
	return w, nil
}

// bookmark tells a resource version, unless the client has not read the last
// bookmark yet.
func (w *dormantWatch) bookmark(version uint64, endsInitialEvents bool) error {
	object := w.cache.newFunc()
	if err := w.cache.Versioner().UpdateObject(object, version); err != nil {
		return err
	}
	if endsInitialEvents {
		if err := apistorage.AnnotateInitialEventsEndBookmark(object); err != nil {
			return err
		}
	}
	select {
	case w.events <- watch.Event{Type: watch.Bookmark, Object: object}:
	default:
	}
	return nil
}

// tick sends a bookmark as long as the watch is dormant.
func (w *dormantWatch) tick() {
	now, err := w.cache.GetCurrentResourceVersion(w.ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.woken != nil || w.stopped {
		return
	}
	if err == nil {
		_ = w.bookmark(now, false) // fails only for types that are not objects
	}
	w.timer.Reset(bookmarkInterval)
}

// wake goes on with the events of the cache from now on. It is called before the
// first of them. If it fails, nothing has changed.
func (w *dormantWatch) wake(ctx context.Context) error {
	cache, err := w.cache.fill(ctx)
	if errors.Is(err, errStopped) {
		return nil // the watch is about to end
	}
	if err != nil {
		return err
	}
	now, err := w.cache.GetCurrentResourceVersion(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return nil
	}
	opts := w.opts
	opts.SendInitialEvents, opts.ResourceVersionMatch = nil, ""
	opts.ResourceVersion = strconv.FormatUint(now, 10)
	if w.woken, err = cache.Watch(w.ctx, w.key, opts); err != nil {
		// The client sees the end of its watch, and begins anew.
		w.end()
		return nil
	}
	go w.forward(w.woken)
	return nil
}

// forward sends the events of the cache to the client, until one of the two ends.
func (w *dormantWatch) forward(woken watch.Interface) {
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.end()
	}()
	for event := range woken.ResultChan() {
		select {
		case w.events <- event:
		case <-w.done:
			return
		}
	}
}

// ResultChan implements watch.Interface.
func (w *dormantWatch) ResultChan() <-chan watch.Event { return w.events }

// Stop implements watch.Interface.
func (w *dormantWatch) Stop() {
	w.cache.forget(w)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	w.stopped = true
	close(w.done)
	if w.timer != nil {
		w.timer.Stop()
	}
	if w.woken != nil {
		w.woken.Stop() // forward closes the channel
		return
	}
	close(w.events)
}

// end closes the channel of the events. The caller has locked the watch.
func (w *dormantWatch) end() {
	if w.timer != nil {
		w.timer.Stop()
	}
	if !w.stopped {
		w.stopped = true
		close(w.done)
	}
	close(w.events)
}
