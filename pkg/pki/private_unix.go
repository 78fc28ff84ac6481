//go:build unix

package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// MakePrivate makes a directory that only its owner can use. An existing
// directory must be one already, unless it is empty: then the rights of other
// users are taken away. A directory of root, which this user cannot change, is
// trusted.
func MakePrivate(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	loose := checkAccess(dir, private)
	if loose == nil {
		return nil
	}
	if empty, err := isEmpty(dir); err != nil || !empty {
		return loose
	}
	if os.Chmod(dir, 0o700) != nil {
		return loose
	}
	return checkAccess(dir, private)
}

// checkAccess returns an error if a file or directory belongs to another user,
// or if others have one of the denied rights.
func checkAccess(name string, denied fs.FileMode) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return judge(name, int(status.Uid), os.Geteuid(), info.Mode(), denied)
}

func judge(name string, owner, user int, mode, denied fs.FileMode) error {
	switch loose := mode & denied; {
	case owner != user && owner != 0 && user != 0:
		return fmt.Errorf("%s belongs to another user (uid %d): choose another --data-dir, or run the server as that user", name, owner)
	case loose == 0, mode.IsDir() && owner == 0 && user != 0:
		return nil
	default:
		return fmt.Errorf("other users can %s %s (mode %04o): if its content is your own, run chmod -R go= %s; otherwise choose another --data-dir",
			can(loose), name, mode.Perm(), name)
	}
}

// syncDir makes the names in a directory durable.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
