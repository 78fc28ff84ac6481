package storage

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// disk is a file system of which a test says how much is free.
type disk struct{ free atomic.Uint64 }

func diskWith(megabytes uint64) *disk {
	d := &disk{}
	d.set(megabytes)
	return d
}

func (d *disk) set(megabytes uint64)        { d.free.Store(megabytes * 1e6) }
func (d *disk) read(string) (uint64, error) { return d.free.Load(), nil }

func (d *disk) space() *space {
	s := newSpace("/data", d.read)
	s.maxAge = 0
	return s
}

func isFull(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code == http.StatusInsufficientStorage
}

func put(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte(key)}}}
}

func remove(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: []byte(key)}}}
}

func get(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: []byte(key)}}}
}

func nested(op *pb.RequestOp) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestTxn{RequestTxn: &pb.TxnRequest{Success: []*pb.RequestOp{op}}}}
}

func TestSpaceRefusesRequests(t *testing.T) {
	const full, nearlyFull, empty = 79, 95, 1000 // megabytes that are free
	for _, tt := range []struct {
		name    string
		request any
		// least is the least free space with which the request passes.
		least uint64
	}{
		{"put", &pb.PutRequest{Key: []byte("/a")}, empty},
		{"put of the compaction", &pb.PutRequest{Key: []byte(compactionKey)}, nearlyFull},
		{"create", &pb.TxnRequest{Success: []*pb.RequestOp{put("/a")}, Failure: []*pb.RequestOp{get("/a")}}, empty},
		{"delete", &pb.TxnRequest{Success: []*pb.RequestOp{remove("/a")}, Failure: []*pb.RequestOp{get("/a")}}, nearlyFull},
		{"put if it fails", &pb.TxnRequest{Success: []*pb.RequestOp{remove("/a")}, Failure: []*pb.RequestOp{put("/a")}}, empty},
		{"transaction in another", &pb.TxnRequest{Success: []*pb.RequestOp{nested(put("/a"))}}, empty},
		{"compaction", &pb.TxnRequest{Success: []*pb.RequestOp{put(compactionKey)}}, nearlyFull},
		{"transaction that reads", &pb.TxnRequest{Success: []*pb.RequestOp{get("/a")}}, full},
		{"read", &pb.RangeRequest{Key: []byte("/a")}, full},
		{"delete of a range", &pb.DeleteRangeRequest{Key: []byte("/a")}, nearlyFull},
		{"compact", &pb.CompactionRequest{Revision: 1}, nearlyFull},
		{"new lease", &pb.LeaseGrantRequest{TTL: 1}, empty},
		{"end of a lease", &pb.LeaseRevokeRequest{ID: 1}, nearlyFull},
		{"defragmentation", &pb.DefragmentRequest{}, full},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, free := range []uint64{full, nearlyFull, empty} {
				err := diskWith(free).space().check(tt.request)
				if free >= tt.least && err != nil || free < tt.least && !isFull(err) {
					t.Errorf("with %d MB free: %v", free, err)
				}
			}
		})
	}
}

func TestSpaceThatIsNotKnown(t *testing.T) {
	s := newSpace("/data", func(string) (uint64, error) { return 0, errors.New("unknown") })
	if err := s.check(&pb.PutRequest{}); err != nil {
		t.Error(err)
	}
	if err := s.checkStart(true); err != nil {
		t.Error(err)
	}
}

func TestSpaceForTheStart(t *testing.T) {
	for _, tt := range []struct {
		name  string
		isNew bool
		free  uint64
		says  string
	}{
		{"new directory", true, 224, ""},
		{"new directory on a full disk", true, 223, "the file system of /data has 223 MB free, and etcd needs 224 MB"},
		{"directory", false, 80, ""},
		{"directory on a full disk", false, 12, "the file system of /data has 12 MB free, and etcd needs 80 MB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := diskWith(tt.free).space().checkStart(tt.isNew)
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.says)) {
				t.Errorf("%v, not %q", err, tt.says)
			}
		})
	}
}

// TestEtcdOnAFullDisk lets the disk of a running etcd run full and become free
// again.
func TestEtcdOnAFullDisk(t *testing.T) {
	d := diskWith(1000)
	address := freeAddress(t)
	etcd := start(t, EtcdConfig{Dir: t.TempDir(), NoSync: true, FreeSpace: d.read, ClientURL: "http://" + address})
	defer etcd.Close()
	etcd.space.maxAge = 0
	remote, err := clientv3.New(clientv3.Config{Endpoints: []string{address}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	for _, tt := range []struct {
		free          uint64
		puts, deletes bool
	}{{1000, true, true}, {200, true, true}, {90, false, true}, {10, false, false}, {90, false, true}, {150, true, true}} {
		d.set(tt.free)
		for _, client := range []struct {
			name string
			*clientv3.Client
			refused func(error) bool
		}{
			{"in the process", etcd.Client().Client, isFull},
			{"connected", remote, func(err error) bool { return err != nil && strings.Contains(err.Error(), "full") }},
		} {
			allowed := func(what string, want bool, err error) {
				t.Helper()
				if want && err != nil || !want && !client.refused(err) {
					t.Errorf("%s, %d MB free: %s: %v", client.name, tt.free, what, err)
				}
			}
			_, err := client.Put(t.Context(), "/a", "1")
			allowed("put", tt.puts, err)
			_, err = client.Txn(t.Context()).Then(clientv3.OpPut("/a", "2")).Commit()
			allowed("transaction", tt.puts, err)
			_, err = client.Grant(t.Context(), 10)
			allowed("lease", tt.puts, err)
			_, err = client.Delete(t.Context(), "/b")
			allowed("delete", tt.deletes, err)
			_, err = client.Get(t.Context(), "/a")
			allowed("get", true, err)
		}
	}
}
