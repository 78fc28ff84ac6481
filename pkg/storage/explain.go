package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
)

// errDamaged is wrapped by errors about a file that does not contain what it
// should.
var errDamaged = errors.New("the data is damaged")

// advised is an error that already says what to do about it.
type advised struct {
	error
	advice string
}

func (a advised) Error() string { return fmt.Sprintf("%v (%s)", a.error, a.advice) }

func (a advised) Unwrap() error { return a.error }

// explain adds to an error of the start what to do about it: give rights, free
// space or move a file away where the operating system has refused something,
// and restore a backup only where none of these helps. dir is the directory of
// etcd.
func explain(dir string, err error) error {
	if errors.As(err, new(advised)) || errors.As(err, new(*net.OpError)) ||
		errors.Is(err, errNotReady) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	advice := adviceFor(dir, err)
	if advice == "" {
		advice = "restore all of " + dir + " from a backup"
	}
	return advised{err, advice + ", or choose another --data-dir"}
}

// explainFailure adds to an error of a running etcd what to do about it.
func explainFailure(dir string, err error) error {
	if advice := adviceFor(dir, err); advice != "" {
		return advised{err, advice + ", and start the server again"}
	}
	return err
}

// adviceFor returns what to do if the operating system has refused something,
// and otherwise nothing. The database quotes some of these errors instead of
// wrapping them.
func adviceFor(dir string, err error) string {
	for _, kind := range []struct {
		causes []error
		advice string
	}{
		{[]error{fs.ErrPermission}, fmt.Sprintf("the server runs as user %d: let it read and write everything in %s", os.Geteuid(), dir)},
		{[]error{syscall.ENOSPC, syscall.EDQUOT}, "free space on the file system of " + dir},
		{[]error{syscall.EFBIG}, "allow larger files in " + dir + ", with ulimit -f for example"},
		{[]error{syscall.EROFS}, "make the file system of " + dir + " writable"},
		{[]error{syscall.ENOTDIR, syscall.EISDIR, syscall.ELOOP}, "move it away"},
		{[]error{syscall.EMFILE, syscall.ENFILE}, "allow more open files"},
		{[]error{syscall.EIO}, "check the disk of " + dir},
	} {
		for _, cause := range kind.causes {
			if errors.Is(err, cause) || strings.Contains(err.Error(), cause.Error()) {
				return kind.advice
			}
		}
	}
	return ""
}
