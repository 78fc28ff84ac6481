package storage

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// committedKV waits for the outcome of every write that it has begun, and
// begins none for a request that was cancelled before. Without it, a write
// whose request is cancelled returns the error of the context and may succeed
// nevertheless, because a proposal cannot be taken back. Whoever releases
// something after a failed write, such as the cluster IP of a service, needs to
// know that the write has failed. etcd itself limits the time.
//
// Only the embedded etcd is used this way. With an external one the outcome of
// a cancelled write is unknown, as it is in kube-apiserver.
type committedKV struct{ clientv3.KV }

// Txn implements clientv3.KV.
func (k committedKV) Txn(ctx context.Context) clientv3.Txn {
	return &committedTxn{k.KV.Txn(context.WithoutCancel(ctx)), ctx}
}

type committedTxn struct {
	clientv3.Txn
	request context.Context
}

func (t *committedTxn) If(compares ...clientv3.Cmp) clientv3.Txn {
	t.Txn.If(compares...)
	return t
}

func (t *committedTxn) Then(operations ...clientv3.Op) clientv3.Txn {
	t.Txn.Then(operations...)
	return t
}

func (t *committedTxn) Else(operations ...clientv3.Op) clientv3.Txn {
	t.Txn.Else(operations...)
	return t
}

// Commit implements clientv3.Txn.
func (t *committedTxn) Commit() (*clientv3.TxnResponse, error) {
	if err := t.request.Err(); err != nil {
		return nil, err
	}
	return t.Txn.Commit()
}
