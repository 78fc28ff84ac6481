package storage

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestReadsSeeWatchedWrites reads a key as soon as a watch has told of its write. Serializable reads
// would now and then miss it.
func TestReadsSeeWatchedWrites(t *testing.T) {
	etcd := start(t, EtcdConfig{Dir: t.TempDir(), NoSync: true})
	defer etcd.Close()
	const writes = 2000
	events := etcd.Client().Watch(t.Context(), "/key", clientv3.WithRev(1))
	written := make(chan error, 1)
	go func() {
		for i := range writes {
			if _, err := etcd.Client().Put(t.Context(), "/key", strconv.Itoa(i)); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	for seen := int64(0); seen < writes; {
		response := <-events
		testutil.Check(t, response.Err())
		for _, event := range response.Events {
			got, err := etcd.Client().KV.Get(t.Context(), "/key")
			testutil.Check(t, err)
			if got.Kvs[0].ModRevision < event.Kv.ModRevision {
				t.Fatalf("read revision %d after the event of revision %d", got.Kvs[0].ModRevision, event.Kv.ModRevision)
			}
			seen++
		}
	}
	testutil.Check(t, <-written)
}

// TestReadsBeforeReady starts an etcd after a crash and reads at once. The last writes of the former run are in the
// write-ahead log only; the read has to see them all the same.
func TestReadsBeforeReady(t *testing.T) {
	dir, crashed := t.TempDir(), filepath.Join(t.TempDir(), "crashed")
	etcd := start(t, EtcdConfig{Dir: dir})
	defer etcd.Close()
	for i := range 100 {
		_, err := etcd.Client().Put(t.Context(), "/a/"+strconv.Itoa(i), "1")
		testutil.Check(t, err)
	}
	testutil.Check(t, os.CopyFS(crashed, os.DirFS(dir)))

	again, err := StartEtcd(EtcdConfig{Dir: crashed})
	testutil.Check(t, err)
	defer again.Close()
	response, err := again.Client().KV.Get(t.Context(), "/a/", clientv3.WithPrefix(), clientv3.WithCountOnly())
	testutil.Check(t, err)
	if response.Count != 100 {
		t.Errorf("a read before it is ready sees %d of 100 keys", response.Count)
	}
	testutil.Check(t, again.Ready(t.Context()))
}
