package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// etcd counts its heartbeats and elections in ticks. The only member of a
// cluster elects itself, so short intervals make the start fast and have no
// other effect.
const (
	tickMs     = 10
	electionMs = 100

	// catchUpEntries is the number of writes that etcd keeps in memory for
	// members that are behind, of which there are none. etcd's default of 5000
	// takes hundreds of megabytes when objects are large; 0 means the default.
	catchUpEntries = 1

	readyTimeout = 30 * time.Second
	// quotaBytes is the maximum size of the database that etcd recommends.
	// etcd's default of 2 GiB is too small for a load test.
	quotaBytes = 8 << 30
)

// EtcdConfig configures StartEtcd.
type EtcdConfig struct {
	// Dir is the directory of the write-ahead log and the database.
	Dir string
	// NoSync skips fsync. Writes are faster, and may be lost when the machine
	// crashes, but not when only the process does. It is meant for tests.
	NoSync bool
	// ClientURL, if not empty, is a URL on which etcd also listens for other
	// clients, such as etcdctl.
	ClientURL string
	// CertFile, KeyFile and TrustedCAFile are needed if ClientURL is an https
	// URL: the serving certificate and its key, and the CA of the certificates
	// that clients must have.
	CertFile, KeyFile, TrustedCAFile string
}

// Etcd is an etcd server that runs in this process.
type Etcd struct {
	server *embed.Etcd
}

// StartEtcd starts an etcd server and waits until it accepts writes. The caller
// must Close it.
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

// checkDatabase returns an error if etcd would not be able to open the
// database. etcd itself panics in that case.
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
	cfg.SnapshotCatchUpEntries = catchUpEntries
	cfg.EnableGRPCGateway = false
	cfg.ListenPeerUrls, cfg.ListenClientUrls = nil, nil
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(quietLogger())
	return cfg, c.listen(cfg)
}

// Client returns a new in-process client. Each client has its own watch stream,
// so that progress notifications for one resource are not delayed by the
// watches of another.
func (e *Etcd) Client() *kubernetes.Client {
	client := &kubernetes.Client{Client: v3client.New(e.server.Server)}
	client.KV = committedKV{client.KV}
	client.Kubernetes = client
	return client
}

// Size returns the size of the database file in bytes.
func (e *Etcd) Size() int64 { return e.server.Server.Backend().Size() }

// Err returns a channel that reports a failure after the start. etcd has
// stopped when it receives something.
func (e *Etcd) Err() <-chan error { return e.server.Err() }

// Close waits for the writes that are in progress and stops the server.
func (e *Etcd) Close() { e.server.Close() }

// Reach connects to an external etcd once. It lets the start fail with one
// clear error if the address is wrong; otherwise the storage of every resource
// would report it.
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
