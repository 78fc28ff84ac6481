package storage

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
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

// lastEntry returns the number of the last entry in a file of the write-ahead
// log, or 0 if it has none. A torn record ends the file: a crash in the middle
// of a write leaves one, and etcd cuts it off.
func lastEntry(segment string) (last uint64, err error) {
	f, err := os.Open(segment)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	err = withoutPanic(func() error {
		records := wal.NewDecoder(fileutil.NewFileReader(f))
		for record := (&walpb.Record{}); ; {
			if err := records.Decode(record); err != nil {
				return err
			}
			switch record.GetType() {
			case wal.EntryType:
				last = wal.MustUnmarshalEntry(record.Data).GetIndex()
			case wal.CrcType: // the sum over the files before this one, with which that of this file begins
				records.UpdateCRC(record.GetCrc())
			}
		}
	})
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return last, nil
	}
	return last, err
}
