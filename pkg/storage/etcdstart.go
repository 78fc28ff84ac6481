package storage

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/raft/v3/raftpb"
)

// electInterval is the time until the next attempt of a server to elect itself.
const electInterval = 2 * time.Millisecond

func explainStart(dir string, err error) error {
	return explain(dir, fmt.Errorf("starting etcd in %s: %w", dir, err))
}

// Ready waits until the server has elected itself and accepts writes. Before, its data may lack
// the last writes of its former run. An error closes it, and is like those of StartEtcd. Only the
// first call does something.
func (e *Etcd) Ready(ctx context.Context) error {
	e.readiness.Do(func() {
		if e.unready = e.becomeReady(ctx); e.unready != nil {
			e.Close()
		}
	})
	return e.unready
}

func (e *Etcd) becomeReady(ctx context.Context) error {
	if err := waitUntilReady(ctx, e.server, e.log); err != nil {
		return explainStart(e.dir, err)
	}
	e.since.Store(uint64(e.Revision()))
	e.log.release()
	e.space.watch(e.reserve)
	go e.awaitFailure()
	return e.disarm(ctx, e.quota)
}

// startServer calls embed.StartEtcd in a goroutine of its own. A panic of etcd
// or of its database there is an error; so is an access to a part of the
// database that is not there, which would otherwise end the process. The other
// goroutines of etcd report through the log.
func startServer(cfg *embed.Config, log *journal) (*embed.Etcd, error) {
	type result struct {
		server *embed.Etcd
		err    error
	}
	started := make(chan result, 1)
	go func() {
		var r result
		r.err = withoutPanic(func() (err error) {
			r.server, err = embed.StartEtcd(cfg)
			return err
		})
		started <- r
	}()
	select {
	case r := <-started:
		return r.server, r.err
	case <-log.failed():
		return nil, log.failure()
	}
}

// withoutPanic calls f and returns a panic, or an access to memory that is not
// mapped, as an error.
func withoutPanic(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			line, _, _ := strings.Cut(fmt.Sprint(p), "\n")
			err = fmt.Errorf("%w: %s", errDamaged, line)
		}
	}()
	return f()
}

// elect makes the only member of a new cluster elect itself at once, by the message with which
// the leader of a cluster hands over to a member (MsgTimeoutNow of Raft, section 3.10 of
// Ongaro's thesis). Otherwise it would wait for the leader that it does not have, for a random
// time. It ignores the message until it has added itself to the cluster, and so the message is
// repeated until the server is ready or is closed.
//
// A member that has a log must wait for a tick. When it has applied its log, etcd lets go of the
// entries, a moment before its Raft library knows that they are applied; an election in that
// moment ends in a panic, and ticks do not fall into it.
func elect(server *etcdserver.EtcdServer, closing <-chan struct{}) {
	id := uint64(server.MemberID())
	message := &raftpb.Message{Type: raftpb.MsgTimeoutNow.Enum(), From: &id, To: &id}
	for {
		ctx, cancel := context.WithTimeout(context.Background(), electInterval)
		_ = server.Process(ctx, message) // an error means that the server stands still, or is closed
		cancel()
		select {
		case <-server.ReadyNotify():
			return
		case <-closing:
			return
		case <-time.After(electInterval):
		}
	}
}

func waitUntilReady(ctx context.Context, server *embed.Etcd, log *journal) error {
	select {
	case <-server.Server.ReadyNotify():
		return nil
	case err := <-server.Err():
		return err
	case <-log.failed():
		return log.failure()
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(readyTimeout):
		return errNotReady
	}
}

// closeServer stops the server, after it has called a function, unless it has failed:
// then its goroutines stand still, and there is nothing to wait for.
func closeServer(server *embed.Etcd, log *journal, before func()) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		if log.failure() == nil {
			before()
			server.Close()
		}
	}()
	select {
	case <-closed:
	case <-log.failed():
	}
}
