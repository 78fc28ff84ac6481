package storage

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"go.etcd.io/etcd/server/v3/embed"
	"google.golang.org/grpc"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
)

// etcd counts its heartbeats and elections in ticks. The only member of a
// cluster elects itself, after a random number of ticks, so short intervals make the start
// fast. Each tick wakes the process, and so they are no shorter. A new cluster does not wait
// for ticks, see elect, and has fewer of them. An election of five ticks is the shortest that
// etcd accepts.
const (
	tickMs        = 10
	freshTickMs   = 100
	electionTicks = 5

	// catchUpEntries is the number of writes that etcd keeps in memory for
	// members that are behind, of which there are none. etcd's default of 5000
	// takes hundreds of megabytes when objects are large; 0 means the default.
	catchUpEntries = 1

	readyTimeout = 30 * time.Second
)

// DefaultQuotaBytes is the maximum size of the database that etcd recommends.
// etcd's default of 2 GiB is too small for a load test.
const DefaultQuotaBytes int64 = 8 << 30

var errNotReady = fmt.Errorf("not ready after %v", readyTimeout)

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
	// QuotaBytes is the size of the database in bytes from which on writes are
	// refused; 0 means DefaultQuotaBytes.
	QuotaBytes int64
	// FreeSpace, if not nil, returns the free space in bytes of the file system
	// of a directory. Tests set it.
	FreeSpace func(dir string) (uint64, error)
}

// Etcd is an etcd server that runs in this process.
type Etcd struct {
	server *embed.Etcd
	dir    string
	log    *journal
	space  *space
	// watches are those of the clients in the process.
	watches *watches
	// failure receives why etcd has stopped.
	failure chan error
	closing chan struct{}
	close   func()
	// shared is true if other clients can write.
	shared bool
	quota  int64
	// since is the resource version when it was ready, with the first objects.
	since atomic.Uint64
	// reserved is the size of the database at the last call of reserve.
	reserved int64
	// readiness guards unready, which is why it is not ready.
	readiness sync.Once
	unready   error
}

// StartEtcd starts an etcd server. It accepts writes when Ready has returned, some hundredths
// of a second later. The caller must Close it. The error says in one line what is
// wrong with the directory and what to do about it. etcd itself logs several lines and then
// panics or exits in such a case, so StartEtcd first inspects what etcd would not
// survive, and then turns what etcd says in its last message into the error.
func StartEtcd(c EtcdConfig) (*Etcd, error) {
	settleSegments()
	log := newJournal()
	space := newSpace(c.Dir, c.FreeSpace)
	fresh, err := inspect(c.Dir, space)
	if err != nil {
		return nil, explain(c.Dir, err)
	}
	cfg, err := c.embedConfig(fresh, log, space)
	if err != nil {
		return nil, err
	}
	assumeCurrentEtcd()
	server, err := startServer(cfg, log)
	if err != nil {
		return nil, explainStart(c.Dir, err)
	}
	e := &Etcd{server: server, dir: c.Dir, log: log, space: space, failure: make(chan error, 1), closing: make(chan struct{}), watches: newWatches(),
		shared: c.ClientURL != "", quota: cfg.QuotaBackendBytes}
	e.close = sync.OnceFunc(func() {
		close(e.closing)
		closeServer(server, log, e.watches.end)
	})
	if fresh {
		go elect(server.Server, e.closing)
	}
	return e, nil
}

// disarm ends etcd's alarm that the database has reached its quota, if there is
// room again: because the quota was raised, or the database defragmented. etcd
// itself keeps the alarm until somebody ends it.
func (e *Etcd) disarm(ctx context.Context, quota int64) error {
	for _, alarm := range e.server.Server.Alarms() {
		if alarm.GetAlarm() != pb.AlarmType_NOSPACE || e.Size() >= quota {
			continue
		}
		request := &pb.AlarmRequest{Action: pb.AlarmRequest_DEACTIVATE, MemberID: alarm.MemberID, Alarm: alarm.Alarm}
		if _, err := e.server.Server.Alarm(ctx, request); err != nil {
			return fmt.Errorf("ending the alarm of etcd about its quota: %w", err)
		}
	}
	return nil
}

func (c EtcdConfig) embedConfig(fresh bool, log *journal, space *space) (*embed.Config, error) {
	cfg := embed.NewConfig()
	cfg.Dir = c.Dir
	cfg.UnsafeNoFsync = c.NoSync
	cfg.TickMs = tickMs
	if fresh {
		cfg.TickMs = freshTickMs
	}
	cfg.ElectionMs = electionTicks * cfg.TickMs
	cfg.QuotaBackendBytes = cmp.Or(c.QuotaBytes, DefaultQuotaBytes)
	cfg.GRPCAdditionalServerOptions = []grpc.ServerOption{grpc.ChainUnaryInterceptor(space.intercept)}
	cfg.SnapshotCatchUpEntries = catchUpEntries
	cfg.EnableGRPCGateway = false
	cfg.ListenPeerUrls, cfg.ListenClientUrls = nil, nil
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(log.logger())
	return cfg, c.listen(cfg)
}

// Client returns a new in-process client. Each client has its own watch stream,
// so that progress notifications for one resource are not delayed by the
// watches of another. Its writes fail with the status 507 when the file system
// is full.
func (e *Etcd) Client() *kubernetes.Client {
	return newClient(e.server.Server, e.space, e.watches, e.shared)
}

// Shared reports whether other clients than those of this process can write.
func (e *Etcd) Shared() bool { return e.shared }

// Revision returns the number of writes so far.
func (e *Etcd) Revision() int64 { return e.server.Server.KV().Rev() }

// Size returns the size of the database file in bytes.
func (e *Etcd) Size() int64 { return e.server.Server.Backend().Size() }

// reserve makes the file system keep space into which the database can grow.
// Then what has been admitted can be committed even if other programs fill the
// disk before the next look at its free space.
func (e *Etcd) reserve() {
	size := e.Size()
	if grown := size - e.reserved; e.reserved != 0 && 0 <= grown && grown < headroom/2 {
		return
	}
	if err := allocate(layoutOf(e.dir).database, size+headroom); err == nil { // not every file system can
		e.reserved = size
	}
}

// Err returns a channel that reports a failure after the start. etcd has
// stopped when it receives something.
func (e *Etcd) Err() <-chan error { return e.failure }

func (e *Etcd) awaitFailure() {
	select {
	case err := <-e.server.Err():
		e.failure <- err
	case <-e.log.failed():
		e.failure <- explainFailure(e.dir, e.log.failure())
	case <-e.closing:
	}
}

// Close waits for the writes that are in progress and stops the server.
func (e *Etcd) Close() { e.close() }

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
