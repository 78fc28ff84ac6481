package storage

import (
	"context"
	"slices"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3rpc"
	"go.etcd.io/etcd/server/v3/proxy/grpcproxy/adapter"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// newClient returns an in-process client whose writes are refused where the
// space requires it, and whose watches end with etcd. Nothing but this client can write
// to an etcd that is not shared, or add members to it.
func newClient(server *etcdserver.EtcdServer, s *space, w *watches, shared bool) *kubernetes.Client {
	c := v3client.New(server)
	kv := adapter.KvServerToKvClient(localReads{guardedKV{v3rpc.NewQuotaKVServer(server), s}, server, shared})
	c.KV = committedKV{clientv3.NewKVFromKVClient(kv, c)}
	leases := adapter.LeaseServerToLeaseClient(guardedLeases{v3rpc.NewQuotaLeaseServer(server), s})
	c.Lease = clientv3.NewLeaseFromLeaseClient(leases, c, time.Second)
	streams := adapter.WatchServerToWatchClient(countedWatches{v3rpc.NewWatchServer(server), w})
	c.Watcher = unnamedWatcher{clientv3.NewWatchFromWatchClient(streams, c)}
	client := &kubernetes.Client{Client: c}
	client.Kubernetes = client
	return client
}

// intercept does for the clients that connect to etcd what guardedKV and
// guardedLeases do in the process.
func (s *space) intercept(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := s.check(request); err != nil {
		return nil, status.Error(codes.ResourceExhausted, err.Error())
	}
	return handler(ctx, request)
}

// check returns an error if there is no space for a request. Reads, and the
// upkeep of etcd such as defragmentation, always pass.
func (s *space) check(request any) error {
	switch r := request.(type) {
	case *pb.PutRequest:
		return s.admit(puts(r))
	case *pb.TxnRequest:
		if all := operations(r); slices.ContainsFunc(all, writes) {
			return s.admit(slices.ContainsFunc(all, func(op *pb.RequestOp) bool { return puts(op.GetRequestPut()) }))
		}
	case *pb.LeaseGrantRequest:
		return s.admit(true)
	case *pb.DeleteRangeRequest, *pb.CompactionRequest, *pb.LeaseRevokeRequest:
		return s.admit(false)
	}
	return nil
}

// compactionKey is the key under which k8s.io/apiserver notes the last
// compaction before it compacts. It has a few bytes, and without it deleted
// objects would stay in the database.
const compactionKey = "compact_rev_key"

// puts reports whether a put lets the database grow.
func puts(r *pb.PutRequest) bool { return r != nil && string(r.GetKey()) != compactionKey }

func writes(op *pb.RequestOp) bool {
	return op.GetRequestPut() != nil || op.GetRequestDeleteRange() != nil
}

// operations returns all operations of a transaction, whichever way it goes,
// with those of the transactions in it.
func operations(r *pb.TxnRequest) (all []*pb.RequestOp) {
	for _, branch := range [][]*pb.RequestOp{r.GetSuccess(), r.GetFailure()} {
		for _, op := range branch {
			all = append(all, op)
			if inner := op.GetRequestTxn(); inner != nil {
				all = append(all, operations(inner)...)
			}
		}
	}
	return all
}

// guardedKV refuses writes for which there is no space.
type guardedKV struct {
	pb.KVServer
	space *space
}

// Put implements pb.KVServer.
func (g guardedKV) Put(ctx context.Context, r *pb.PutRequest) (*pb.PutResponse, error) {
	if err := g.space.check(r); err != nil {
		return nil, err
	}
	return g.KVServer.Put(ctx, r)
}

// Txn implements pb.KVServer.
func (g guardedKV) Txn(ctx context.Context, r *pb.TxnRequest) (*pb.TxnResponse, error) {
	if err := g.space.check(r); err != nil {
		return nil, err
	}
	return g.KVServer.Txn(ctx, r)
}

// DeleteRange implements pb.KVServer.
func (g guardedKV) DeleteRange(ctx context.Context, r *pb.DeleteRangeRequest) (*pb.DeleteRangeResponse, error) {
	if err := g.space.check(r); err != nil {
		return nil, err
	}
	return g.KVServer.DeleteRange(ctx, r)
}

// Compact implements pb.KVServer.
func (g guardedKV) Compact(ctx context.Context, r *pb.CompactionRequest) (*pb.CompactionResponse, error) {
	if err := g.space.check(r); err != nil {
		return nil, err
	}
	return g.KVServer.Compact(ctx, r)
}

// guardedLeases refuses leases for which there is no space. The end of a lease
// deletes its keys and is not asked: etcd decides it without a client.
type guardedLeases struct {
	pb.LeaseServer
	space *space
}

// LeaseGrant implements pb.LeaseServer.
func (g guardedLeases) LeaseGrant(ctx context.Context, r *pb.LeaseGrantRequest) (*pb.LeaseGrantResponse, error) {
	if err := g.space.check(r); err != nil {
		return nil, err
	}
	return g.LeaseServer.LeaseGrant(ctx, r)
}

// LeaseRevoke implements pb.LeaseServer.
func (g guardedLeases) LeaseRevoke(ctx context.Context, r *pb.LeaseRevokeRequest) (*pb.LeaseRevokeResponse, error) {
	if err := g.space.check(r); err != nil {
		return nil, err
	}
	return g.LeaseServer.LeaseRevoke(ctx, r)
}
