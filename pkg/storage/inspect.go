package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

// layout contains the paths in the directory of etcd.
type layout struct{ dir, member, snap, wal, database string }

func layoutOf(dir string) layout {
	member := filepath.Join(dir, "member")
	snap := filepath.Join(member, "snap")
	return layout{dir, member, snap, filepath.Join(member, "wal"), filepath.Join(snap, "db")}
}

// inspect looks for what would make etcd panic, exit or wait: the rights, the
// free space, the database, and whether the write-ahead log reaches as far as
// the database. It changes nothing. What it does not look for, such as the sums
// of the log's records, etcd reports itself. It returns true if there is no log yet.
func inspect(dir string, space *space) (fresh bool, err error) {
	l := layoutOf(dir)
	for _, d := range []string{l.dir, l.member, l.snap, l.wal} {
		if err := checkDirectory(d); err != nil {
			return false, err
		}
	}
	segments, err := listSegments(l.wal)
	if err != nil {
		return false, err
	}
	for _, file := range append(segments, l.database) {
		if err := checkFile(file); err != nil {
			return false, err
		}
	}
	fresh = len(segments) == 0
	if err := space.checkStart(fresh); err != nil {
		return false, err
	}
	head, err := readDatabase(l.database)
	if err != nil {
		return false, err
	}
	return fresh, checkLog(l, segments, head.index)
}

// checkDirectory returns an error if the path is not a directory in which files
// can be created. It may be missing: etcd creates it.
func checkDirectory(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return advised{fmt.Errorf("%s is a file, where etcd keeps a directory", path), "move it away, or choose another --data-dir"}
	}
	if err := fileutil.IsDirWriteable(path); err != nil {
		var refused *fs.PathError // of the file with which this is tried
		if errors.As(err, &refused) {
			err = refused.Err
		}
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	_, err = os.ReadDir(path)
	return err
}

// checkFile returns an error if the file cannot be opened as etcd opens it.
func checkFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// listSegments returns the paths of the files of the write-ahead log, the
// oldest first.
func listSegments(dir string) (paths []string, err error) {
	entries, err := os.ReadDir(dir) // sorted by name, which is sorted by age
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".wal") {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths, nil
}
