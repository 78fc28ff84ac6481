package storage

import (
	"context"
	"testing"
	"time"
)

func start(t *testing.T, c EtcdConfig) *Etcd {
	t.Helper()
	etcd, err := StartEtcd(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return etcd
}

func TestEtcdKeepsItsData(t *testing.T) {
	dir := t.TempDir()
	etcd := start(t, EtcdConfig{Dir: dir})
	if _, err := etcd.Client().Put(t.Context(), "/a", "1"); err != nil {
		t.Fatal(err)
	}
	etcd.Close()

	etcd = start(t, EtcdConfig{Dir: dir})
	defer etcd.Close()
	response, err := etcd.Client().KV.Get(t.Context(), "/a")
	if err != nil {
		t.Fatal(err)
	}
	if len(response.Kvs) != 1 || string(response.Kvs[0].Value) != "1" {
		t.Errorf("after a restart: %v", response.Kvs)
	}
	if etcd.Size() == 0 {
		t.Error("the database has no size")
	}
}

func TestEtcdClientsWatchSeparately(t *testing.T) {
	etcd := start(t, EtcdConfig{Dir: t.TempDir(), NoSync: true})
	defer etcd.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	watcher, other := etcd.Client(), etcd.Client()
	events := watcher.Watch(ctx, "/a")
	if _, err := other.Put(ctx, "/a", "1"); err != nil {
		t.Fatal(err)
	}
	_ = other.Close() // the error says only that the context of the client has ended
	if response := <-events; response.Err() != nil || len(response.Events) != 1 {
		t.Errorf("the watch of one client got %v after another was closed", response)
	}
}

func TestBackendCheck(t *testing.T) {
	etcd := start(t, EtcdConfig{Dir: t.TempDir(), NoSync: true})
	backend := NewBackend(BackendConfig{Etcd: etcd, Prefix: "/registry"})
	defer backend.Close()
	check := backend.Check(time.Second)
	if err := check(); err != nil {
		t.Errorf("a running etcd is reported as %v", err)
	}
	etcd.Close()
	if check() == nil {
		t.Error("a closed etcd passes its health check")
	}
}
