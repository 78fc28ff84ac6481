package storage

import (
	"sync"

	"go.etcd.io/etcd/server/v3/storage/wal"
)

// smallSegment is the size in bytes of the files of a small write-ahead log.
const smallSegment = 4 * 1000 * 1000

var segmentOnce sync.Once

// UseSmallSegments makes the files of the write-ahead logs small. etcd allocates two of
// them at once, which is 128 MB for each server otherwise. It is meant for processes with
// many servers: small files cost time when much is written. etcd keeps one size for the process,
// which the first server settles; a later call has no effect.
func UseSmallSegments() { segmentOnce.Do(func() { wal.SegmentSizeBytes = smallSegment }) }

// settleSegments keeps the size as it is from now on, because etcd reads it.
func settleSegments() { segmentOnce.Do(func() {}) }
