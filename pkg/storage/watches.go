package storage

import (
	"context"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// watches are the watch streams of the clients in the process. etcd ends those of its
// connections before it closes the database, but does not know these: one that is about
// to send an event would read from a closed database, which ends the process.
type watches struct {
	stop    context.CancelFunc
	stopped context.Context

	mu      sync.Mutex
	running sync.WaitGroup
}

func newWatches() *watches {
	w := &watches{}
	w.stopped, w.stop = context.WithCancel(context.Background())
	return w
}

// end ends all streams, and returns when none reads from the database any more.
func (w *watches) end() {
	w.mu.Lock()
	w.stop()
	w.mu.Unlock()
	w.running.Wait()
}

// begin reports whether a stream may begin. It must be told of its end then.
func (w *watches) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped.Err() != nil {
		return false
	}
	w.running.Add(1)
	return true
}

// countedWatches is etcd's watch server with streams that are ended.
type countedWatches struct {
	pb.WatchServer
	watches *watches
}

// Watch implements etcdserverpb.WatchServer.
func (c countedWatches) Watch(stream pb.Watch_WatchServer) error {
	if !c.watches.begin() {
		return rpctypes.ErrGRPCWatchCanceled // so that the client does not try again
	}
	defer c.watches.running.Done()
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	defer context.AfterFunc(c.watches.stopped, cancel)()
	return c.WatchServer.Watch(endedStream{stream, ctx})
}

// endedStream is a stream with a context that ends with etcd.
type endedStream struct {
	pb.Watch_WatchServer
	ctx context.Context
}

// Context implements grpc.ServerStream.
func (s endedStream) Context() context.Context { return s.ctx }

// unnamedWatcher starts watches with a context that has no text: the client makes one of
// each context, which would read values that others write.
type unnamedWatcher struct{ clientv3.Watcher }

// Watch implements clientv3.Watcher.
func (u unnamedWatcher) Watch(ctx context.Context, key string, opts ...clientv3.OpOption) clientv3.WatchChan {
	return u.Watcher.Watch(unnamedContext{ctx}, key, opts...)
}

type unnamedContext struct{ context.Context }

// String implements fmt.Stringer.
func (unnamedContext) String() string { return "watch" }
