package storage

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// checkLog returns an error if the write-ahead log ends before the last entry
// that the database contains, so that a part of it is missing. etcd does not
// notice: it would give the numbers of the missing entries to new ones, take
// these for old ones, and never answer a write.
func checkLog(l layout, segments []string, index uint64) error {
	if index == 0 {
		return nil
	}
	if len(segments) == 0 {
		return fmt.Errorf("the write-ahead log in %s is missing, but there is a database", l.wal)
	}
	newest := segments[len(segments)-1]
	// The name of a file says which entry comes first in it. Most often this is enough, and nothing is read.
	var sequence, first uint64
	if _, err := fmt.Sscanf(filepath.Base(newest), "%016x-%016x.wal", &sequence, &first); err != nil || first > index {
		return nil // etcd ignores files with other names
	}
	last, err := lastEntry(newest)
	if err != nil {
		return fmt.Errorf("%s: %w", newest, err)
	}
	if last < index {
		return fmt.Errorf("the write-ahead log in %s can be read up to entry %d only, but the database has entry %d", l.wal, last, index)
	}
	return nil
}

// frame is the place of a record in a file of the write-ahead log.
type frame struct{ offset, size int64 }

// lastEntry returns the number of the last entry in a file of the write-ahead
// log, or 0 if none can be read.
func lastEntry(segment string) (last uint64, err error) {
	f, err := os.Open(segment)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	frames, err := readFrames(f)
	if err != nil {
		return 0, err
	}
	for _, frame := range slices.Backward(frames) { // the last record often is not an entry, but one of the next is
		data := make([]byte, frame.size)
		if _, err := f.ReadAt(data, frame.offset); err != nil {
			return 0, err
		}
		record, entry := &walpb.Record{}, &raftpb.Entry{}
		if proto.Unmarshal(data, record) == nil && record.GetType() == wal.EntryType && proto.Unmarshal(record.GetData(), entry) == nil {
			return entry.GetIndex(), nil
		}
	}
	return 0, nil
}

// readFrames returns the places of all complete records in a file of the
// write-ahead log. It reads only their lengths, because the log has many
// records, and etcd checks their sums itself. A record that is not complete ends
// the file: a crash in the middle of a write leaves one, and etcd cuts it off.
func readFrames(f *os.File) (frames []frame, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	reader := bufio.NewReaderSize(f, 256<<10)
	var head [8]byte
	for offset := int64(0); ; {
		if _, err := io.ReadFull(reader, head[:]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return frames, nil
			}
			return nil, err
		}
		size, padding := decodeHead(binary.LittleEndian.Uint64(head[:]))
		offset += int64(len(head))
		if size == 0 || size+padding > info.Size()-offset { // the zeros that follow the last record, or a part of one
			return frames, nil
		}
		frames = append(frames, frame{offset, size})
		offset += size + padding
		if _, err := reader.Discard(int(size + padding)); err != nil {
			return nil, err
		}
	}
}

// decodeHead returns the size of a record and of the padding after it. Their
// sum is a multiple of eight. The highest byte says how large the padding is, if
// there is any; the others say how large the record is.
func decodeHead(head uint64) (size, padding int64) {
	if head>>63 == 1 {
		padding = int64(head >> 56 & 7)
	}
	return int64(head & (1<<56 - 1)), padding
}
