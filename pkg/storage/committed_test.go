package storage

import (
	"context"
	"errors"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestCancelledWrites cancels each write at another moment. A write that
// returns an error must not have written anything.
func TestCancelledWrites(t *testing.T) {
	etcd, err := startReady(t, EtcdConfig{Dir: t.TempDir(), NoSync: true})
	testutil.Check(t, err)
	defer etcd.Close()
	client := etcd.Client()
	failed := 0
	for i := range 500 {
		key := "/key/" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		ctx, cancel := context.WithCancel(t.Context())
		started := make(chan struct{})
		go func() {
			<-started
			for range i * 20 { // spin for another time in each round
				_ = ctx.Err()
			}
			cancel()
		}()
		close(started)
		_, err := client.KV.Txn(ctx).If(clientv3.Compare(clientv3.ModRevision(key), "=", 0)).Then(clientv3.OpPut(key, "v")).Commit()
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err != nil {
			failed++
		}
		stored, getErr := client.KV.Get(t.Context(), key)
		testutil.Check(t, getErr)
		if written := len(stored.Kvs) == 1; written != (err == nil) {
			t.Fatalf("round %d: error %v, written: %v", i, err, written)
		}
	}
	t.Logf("%d of 500 writes were cancelled before they began", failed)
}
