package storage

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver"
)

// localReads reads without asking etcd which writes are committed, whenever that is known: when it
// has executed all of them. The question is a round of messages between goroutines of
// etcd, one of which writes to the disk; so a read would wait until the write of another request has been
// written, and each update, which begins with a read, would wait for the disk twice.
//
// The only member of an etcd may not read at any time without the question, because it tells watches of a write
// a moment before reads can see it. And as long as it is not ready it may lack the last writes of
// its former run, even with the question, so a read waits until then.
type localReads struct {
	pb.KVServer
	server *etcdserver.EtcdServer
	// shared is true if there may be other members.
	shared bool
}

// Range implements pb.KVServer.
func (l localReads) Range(ctx context.Context, r *pb.RangeRequest) (*pb.RangeResponse, error) {
	select {
	case <-l.server.ReadyNotify():
	case <-l.server.StoppingNotify():
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.isCurrent() {
		r.Serializable = true
	}
	return l.KVServer.Range(ctx, r)
}

// isCurrent reports whether a read that begins now sees each write of which anybody has heard. A write is
// committed before it is executed, and nobody hears of it earlier than that.
func (l localReads) isCurrent() bool {
	select {
	case <-l.server.StoppingNotify():
		return false // the question tells that etcd has stopped
	default:
		return !l.shared && l.server.AppliedIndex() >= l.server.CommittedIndex()
	}
}
