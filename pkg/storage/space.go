package storage

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.etcd.io/etcd/server/v3/storage/wal"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

// headroom is the free space in bytes that is kept for what is in progress when
// writes are refused: commits of the database, whose pages are copied when they
// change, and writes between two looks at the free space.
const headroom = 16 * 1000 * 1000

// level says what the free space of a file system still allows.
type level int

const (
	plenty    level = iota
	low             // everything is allowed, and the log warns
	scarce          // only writes that do not let the database grow, such as deletes
	exhausted       // only reads
)

// space watches the free space of the file system of etcd, and refuses writes
// before it is used up. etcd cannot do without it: when it fails to allocate
// the next file of its write-ahead log, or to commit its database, it ends. A
// write that is refused has not reached etcd, so that nothing acknowledged
// depends on space that is not there. When space is free again, writes go on.
//
// etcd has an alarm for this, NOSPACE, but it is about the size of the database,
// it stays until somebody disarms it, and a write that it refuses has been
// written to the log before. It still ends writes beyond the quota.
//
// The free space is looked at when a write comes and the last look is old. That
// costs a microsecond, and no goroutine has to be stopped.
type space struct {
	dir    string
	free   func(dir string) (uint64, error)
	maxAge time.Duration
	// reserve, if not nil, is called at each look while there is space for it.
	reserve func()

	mu      sync.Mutex
	checked time.Time
	level   level
}

func newSpace(dir string, free func(dir string) (uint64, error)) *space {
	if free == nil {
		free = freeSpace
	}
	return &space{dir: dir, free: free, maxAge: 100 * time.Millisecond}
}

// needs returns the free space in bytes below which a level is reached. etcd
// allocates the next file of its log as soon as it begins to use one, and needs
// the space for it until then; deletes are allowed a while longer than what
// lets the database grow.
func (l level) needs() uint64 {
	segment := uint64(wal.SegmentSizeBytes)
	switch l {
	case low:
		return 4 * segment
	case scarce:
		return segment + 2*headroom
	case exhausted:
		return segment + headroom
	}
	return 0
}

// checkStart returns an error if a start would use up the space. A new
// directory gets two files of the log at once, and must have space for the
// objects of every cluster. One with a log gets the next file of it; then it
// can at least be read.
func (s *space) checkStart(isNew bool) error {
	need := exhausted.needs()
	if isNew {
		need = 2*uint64(wal.SegmentSizeBytes) + scarce.needs()
	}
	free, err := s.free(s.dir)
	if err != nil || free >= need { // where the space is not known, etcd finds out
		return nil
	}
	return advised{
		fmt.Errorf("the file system of %s has %d MB free, and etcd needs %d MB", s.dir, megabytes(free), megabytes(need)),
		"free space there, or choose another --data-dir",
	}
}

// watch looks at the free space once, so that the log warns at the start. From
// then on reserve is called at each look while there is space for it.
func (s *space) watch(reserve func()) {
	s.mu.Lock()
	s.reserve = reserve
	s.mu.Unlock()
	s.now()
}

// admit returns nil if a write may be sent to etcd, or an error with the status
// 507. grows says whether the write lets the database grow.
func (s *space) admit(grows bool) error {
	switch now := s.now(); {
	case now == exhausted:
		return insufficientStorage("the disk of the server is full: nothing can be written until space is freed on it")
	case now == scarce && grows:
		return insufficientStorage("the disk of the server is nearly full: objects can only be deleted until space is freed on it")
	}
	return nil
}

// now returns the level, which is at most maxAge old.
func (s *space) now() level {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.checked) > s.maxAge {
		s.checked = now
		s.look()
	}
	return s.level
}

// look reads the free space, and logs when that changes what is allowed. If it
// cannot be read, everything is allowed.
func (s *space) look() {
	free, err := s.free(s.dir)
	is := plenty
	for l := low; l <= exhausted && err == nil; l++ {
		if free < l.needs() {
			is = l
		}
	}
	before := s.level
	s.level = is
	if is < scarce && s.reserve != nil {
		s.reserve()
	}
	if is == before {
		return
	}
	switch text := fmt.Sprintf("%s: %d MB are free", s.dir, megabytes(free)); {
	case is == exhausted:
		klog.Errorf("%s: all writes are refused until it is %d MB", text, megabytes(exhausted.needs()))
	case is == scarce:
		klog.Errorf("%s: writes other than deletes are refused until it is %d MB", text, megabytes(scarce.needs()))
	case before >= scarce:
		klog.Warningf("%s: writes are possible again", text)
	case is == low:
		klog.Warningf("%s: writes will be refused below %d MB", text, megabytes(scarce.needs()))
	}
}

func megabytes(bytes uint64) uint64 { return bytes / 1e6 }

// insufficientStorage returns the answer to a write for which there is no space.
// 503 would say that the server may answer soon, and clients would try again.
func insufficientStorage(message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    http.StatusInsufficientStorage,
		Reason:  "InsufficientStorage",
		Message: message,
	}}
}
