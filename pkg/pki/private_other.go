//go:build !unix

package pki

import (
	"io/fs"
	"os"
)

// MakePrivate makes a directory. The rights of files are not those of Unix
// here: they are inherited from the directory above.
func MakePrivate(dir string) error { return os.MkdirAll(dir, 0o700) }

func checkAccess(name string, _ fs.FileMode) error {
	_, err := os.Stat(name)
	return err
}

func syncDir(string) error { return nil }
