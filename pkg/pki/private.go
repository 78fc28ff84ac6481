package pki

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// CheckPrivate returns an error if a directory exists and belongs to another
// user, or if other users can read or change it. It may have come from somebody
// else, for example with a repository that was cloned. The error says what to do.
// Directories of root are trusted, and root trusts all owners. A file in the place
// of the directory is not checked: who needs the directory refuses it.
func CheckPrivate(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil
	}
	return checkAccess(dir, private)
}

// checkFiles checks the access to the files of the directory. Certificates and
// public keys may be readable, but not writable, by other users. It also removes
// the temporary files of an earlier process, which may contain keys.
func (p *PKI) checkFiles() error {
	for _, pair := range []Pair{p.CA, p.Serving, p.Admin, p.FrontProxyCA, p.FrontProxyClient, {p.ServiceAccountPublicKey, p.ServiceAccountKey}} {
		for _, file := range []struct {
			name   string
			denied fs.FileMode
		}{{pair.CertFile, public}, {pair.KeyFile, private}} {
			if err := removeTemporary(file.name); err != nil {
				return err
			}
			if err := checkAccess(file.name, file.denied); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// removeTemporary removes what a crash in WriteFile has left.
func removeTemporary(name string) error {
	leftovers, err := filepath.Glob(filepath.Join(filepath.Dir(name), temporary(name)))
	for _, leftover := range leftovers {
		err = errors.Join(err, os.Remove(leftover))
	}
	return err
}

// These are the rights that other users must not have.
const (
	private = fs.FileMode(0o077)
	public  = fs.FileMode(0o022)
)

// can describes rights of other users.
func can(mode fs.FileMode) string {
	var verbs []string
	if mode&0o055 != 0 {
		verbs = append(verbs, "read")
	}
	if mode&0o022 != 0 {
		verbs = append(verbs, "change")
	}
	return strings.Join(verbs, " and ")
}

// isEmpty reports whether a directory contains nothing but, perhaps, the
// directory that every new ext4 file system has.
func isEmpty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	return len(entries) == 0 || len(entries) == 1 && entries[0].Name() == "lost+found", err
}
