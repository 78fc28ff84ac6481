package storage

import (
	"context"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/watch"
	apistorage "k8s.io/apiserver/pkg/storage"
)

// progressInterval is how often a handover asks etcd how far its watch is. etcd looks ten times
// a second whether a watch that begins in the past has to be served.
const progressInterval = 20 * time.Millisecond

// handover is a watch that begins at a resource version from before the cache was filled.
// etcd has the events from there on until the cache was filled, the cache all later ones. It does
// not stay with etcd, because each watch of etcd decodes each event for itself: two
// hundred of them cost ten times as much as two hundred watches of the cache.
type handover struct {
	early, late apistorage.Interface
	key         string
	opts        apistorage.ListOptions
	// filledAt is the resource version from which on late has all events.
	filledAt uint64

	events chan watch.Event
	cancel context.CancelFunc
}

// newHandover returns the watch. opts has its resource version.
func newHandover(ctx context.Context, early, late apistorage.Interface, key string, opts apistorage.ListOptions, filledAt uint64) (watch.Interface, error) {
	ctx, cancel := context.WithCancel(ctx)
	h := &handover{early: early, late: late, key: key, opts: opts, filledAt: filledAt, events: make(chan watch.Event), cancel: cancel}
	// Only watches with the same metadata are told the progress.
	asking := metadata.NewOutgoingContext(ctx, metadata.Pairs("source", "handover"))
	opts.ProgressNotify = true
	first, err := early.Watch(asking, key, opts)
	if err != nil {
		cancel()
		return nil, err
	}
	go h.run(ctx, asking, first)
	return h, nil
}

// ResultChan implements watch.Interface.
func (h *handover) ResultChan() <-chan watch.Event { return h.events }

// Stop implements watch.Interface.
func (h *handover) Stop() { h.cancel() }

func (h *handover) run(ctx, asking context.Context, first watch.Interface) {
	defer close(h.events)
	defer h.cancel()
	if !h.catchUp(asking, first) {
		return
	}
	opts := h.opts
	opts.ResourceVersion = strconv.FormatUint(h.filledAt, 10)
	second, err := h.late.Watch(ctx, h.key, opts)
	if err != nil {
		h.send(ctx, failed(err))
		return
	}
	defer second.Stop()
	for event := range second.ResultChan() {
		if !h.send(ctx, event) {
			return
		}
	}
}

// catchUp sends the events from before the cache was filled. It reports whether it has sent
// all of them.
func (h *handover) catchUp(ctx context.Context, first watch.Interface) bool {
	ctx, done := context.WithCancel(ctx)
	var asks sync.WaitGroup
	defer asks.Wait()
	defer done()
	defer first.Stop()
	asks.Go(func() {
		for {
			// An error shows in the watch as well.
			_ = h.early.RequestWatchProgress(ctx)
			select {
			case <-time.After(progressInterval):
			case <-ctx.Done():
				return
			}
		}
	})
	for event := range first.ResultChan() {
		if event.Type == watch.Error {
			h.send(ctx, event)
			return false
		}
		version, err := h.version(event)
		switch {
		case err != nil:
			h.send(ctx, failed(err))
			return false
		case version > h.filledAt || event.Type == watch.Bookmark && version == h.filledAt:
			return true
		case event.Type != watch.Bookmark && !h.send(ctx, event):
			return false
		}
	}
	return false
}

func (h *handover) version(event watch.Event) (uint64, error) {
	object, err := meta.Accessor(event.Object)
	if err != nil {
		return 0, err
	}
	return h.early.Versioner().ParseResourceVersion(object.GetResourceVersion())
}

// send reports whether the client has taken the event before the watch ended.
func (h *handover) send(ctx context.Context, event watch.Event) bool {
	select {
	case h.events <- event:
		return true
	case <-ctx.Done():
		return false
	}
}

// failed returns the event that tells a client why its watch ends.
func failed(err error) watch.Event {
	if status, ok := err.(apierrors.APIStatus); ok {
		object := status.Status()
		return watch.Event{Type: watch.Error, Object: &object}
	}
	object := apierrors.NewInternalError(err).Status()
	return watch.Event{Type: watch.Error, Object: &object}
}
