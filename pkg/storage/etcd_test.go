package storage

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.uber.org/zap"
)

func start(t *testing.T, c EtcdConfig) *Etcd {
	t.Helper()
	etcd, err := startReady(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return etcd
}

// startReady starts an etcd and waits until it is ready.
func startReady(t *testing.T, c EtcdConfig) (*Etcd, error) {
	t.Helper()
	etcd, err := StartEtcd(c)
	if err != nil {
		return nil, err
	}
	return etcd, etcd.Ready(t.Context())
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

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// TestEtcdFails lets a goroutine of etcd end the process, as it does when a
// write to the disk fails.
func TestEtcdFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(*zap.Logger)
		says string
	}{
		{"no space", func(l *zap.Logger) {
			l.Fatal("failed to commit tx", zap.Error(&fs.PathError{Op: "write", Path: "/db", Err: syscall.ENOSPC}))
		}, "failed to commit tx: write /db: no space left on device (free space on the file system of DIR, and start the server again)"},
		{"quoted error", func(l *zap.Logger) {
			l.Panic("failed", zap.Error(errors.New("file resize error: no space left on device")))
		},
			"failed: file resize error: no space left on device (free space on the file system of DIR, and start the server again)"},
		{"something else", func(l *zap.Logger) { l.Panic("unexpected") }, "unexpected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			etcd := start(t, EtcdConfig{Dir: dir, NoSync: true})
			go tt.end(etcd.log.logger())
			if err := <-etcd.Err(); err.Error() != strings.ReplaceAll(tt.says, "DIR", dir) {
				t.Errorf("%v", err)
			}
			etcd.Close() // does not wait for what has failed
		})
	}
}

// TestEtcdQuota reaches the quota of a database and starts etcd with a larger
// one.
func TestEtcdQuota(t *testing.T) {
	dir := t.TempDir()
	etcd := start(t, EtcdConfig{Dir: dir, NoSync: true, QuotaBytes: 1 << 20})
	var err error
	for i := 0; i < 10_000 && err == nil; i++ { // etcd looks at the size of what is committed
		_, err = etcd.Client().Put(t.Context(), "/a", strings.Repeat("x", 100_000))
	}
	if !errors.Is(err, rpctypes.ErrNoSpace) {
		t.Errorf("beyond the quota: %v", err)
	}
	etcd.Close()

	etcd = start(t, EtcdConfig{Dir: dir, NoSync: true, QuotaBytes: 1 << 20})
	if _, err := etcd.Client().Put(t.Context(), "/a", "1"); !errors.Is(err, rpctypes.ErrNoSpace) {
		t.Errorf("with the same quota: %v", err)
	}
	etcd.Close()

	etcd = start(t, EtcdConfig{Dir: dir, NoSync: true})
	defer etcd.Close()
	if _, err := etcd.Client().Put(t.Context(), "/a", "1"); err != nil {
		t.Errorf("with a larger quota: %v", err)
	}
}
