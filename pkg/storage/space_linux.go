package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// freeSpace returns the number of bytes that this user may still write to the
// file system of a directory, which need not exist yet.
func freeSpace(dir string) (uint64, error) {
	var stat syscall.Statfs_t
	err := syscall.Statfs(dir, &stat)
	if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
		return freeSpace(parent)
	}
	return stat.Bavail * uint64(stat.Bsize), err
}

// allocate makes the file system keep the space for the first bytes of a file,
// whose size does not change.
func allocate(file string, bytes int64) error {
	const keepSize = 1 // FALLOC_FL_KEEP_SIZE
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return syscall.Fallocate(int(f.Fd()), keepSize, 0, bytes)
}
