package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
)

// A single member elects itself, so the election can be fast; the raft tick
// drives nothing else.
const (
	tickMs     = 10
	electionMs = 100

	readyTimeout = 30 * time.Second
	// quotaBytes is etcd's recommended maximum; its default of 2 GiB is small
	// for a load test.
	quotaBytes = 8 << 30
)

// EtcdConfig describes an embedded etcd.
type EtcdConfig struct {
	// Dir holds the write-ahead log and the database.
	Dir string
	// NoSync leaves writes to the operating system's cache: fast, and lost when
	// the machine (not the process) crashes. For tests.
	NoSync bool
	// ClientURL, if set, is a URL on which etcd listens for other clients, such
	// as etcdctl.
	ClientURL string
}

// Etcd is an etcd server in this process.
type Etcd struct {
	server *embed.Etcd
}

// StartEtcd starts an etcd and waits until it accepts writes.
func StartEtcd(ctx context.Context, c EtcdConfig) (*Etcd, error) {
	cfg, err := c.embedConfig()
	if err != nil {
		return nil, err
	}
	if err := checkDatabase(filepath.Join(c.Dir, "member", "snap", "db")); err != nil {
		return nil, err
	}
	assumeCurrentEtcd()
	server, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, fmt.Errorf("starting etcd in %s: %w", c.Dir, err)
	}
	select {
	case <-server.Server.ReadyNotify():
		return &Etcd{server}, nil
	case err = <-server.Err():
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(readyTimeout):
		err = fmt.Errorf("not ready after %v", readyTimeout)
	}
	server.Close()
	return nil, fmt.Errorf("starting etcd in %s: %w", c.Dir, err)
}

// checkDatabase opens a database as etcd will, which panics when it cannot.
func checkDatabase(file string) error {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return fmt.Errorf("%s is damaged: %w (restore it from a backup, or choose another --data-dir)", file, err)
	}
	return db.Close()
}

func (c EtcdConfig) embedConfig() (*embed.Config, error) {
	cfg := embed.NewConfig()
	cfg.Dir = c.Dir
	cfg.UnsafeNoFsync = c.NoSync
	cfg.TickMs, cfg.ElectionMs = tickMs, electionMs
	cfg.QuotaBackendBytes = quotaBytes
	cfg.EnableGRPCGateway = false
	cfg.ListenPeerUrls, cfg.ListenClientUrls = nil, nil
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(quietLogger())
	if c.ClientURL != "" {
		u, err := url.Parse(c.ClientURL)
		if err != nil {
			return nil, fmt.Errorf("etcd client URL: %w", err)
		}
		cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*u}, []url.URL{*u}
	}
	return cfg, nil
}

// Client returns a new client. Each has a watch stream of its own, so that the
// progress of one resource's watch does not wait for another's.
func (e *Etcd) Client() *kubernetes.Client {
	client := &kubernetes.Client{Client: v3client.New(e.server.Server)}
	client.Kubernetes = client
	return client
}

// Size returns the size of the database file in bytes.
func (e *Etcd) Size() int64 { return e.server.Server.Backend().Size() }

// Err reports a failure after the start; etcd has stopped then.
func (e *Etcd) Err() <-chan error { return e.server.Err() }

// Close stops the server after the writes that are under way.
func (e *Etcd) Close() { e.server.Close() }

// Reach asks an external etcd once, so that a wrong address is reported as such
// and not by the storage of every single resource.
func Reach(ctx context.Context, c storagebackend.Config) error {
	prober, err := factory.CreateProber(c)
	if err == nil {
		defer prober.Close()
		err = prober.Probe(ctx)
	}
	if err != nil {
		return fmt.Errorf("no answer from %s: %w", strings.Join(c.Transport.ServerList, ", "), err)
	}
	return nil
}
