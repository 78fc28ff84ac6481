package storage

import (
	"strconv"
	"sync"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestCloseWhileWatched closes etcd while many events are sent, each with the value
// before, which is read from the database. A stream that goes on would end the process.
func TestCloseWhileWatched(t *testing.T) {
	for range 5 {
		etcd, err := startReady(t, EtcdConfig{Dir: t.TempDir(), NoSync: true})
		testutil.Check(t, err)
		var ended sync.WaitGroup
		for range 20 {
			events := etcd.Client().Watch(t.Context(), "/", clientv3.WithPrefix(), clientv3.WithPrevKV())
			ended.Go(func() {
				for range events {
				}
			})
		}
		client := etcd.Client()
		for i := range 200 {
			_, err := client.KV.Put(t.Context(), "/"+strconv.Itoa(i%10), "value")
			testutil.Check(t, err)
		}
		etcd.Close()
		ended.Wait()
		for response := range client.Watch(t.Context(), "/") {
			if response.Err() == nil {
				t.Error("a watch of a closed etcd has an event")
			}
		}
	}
}
