package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
	etcdversion "go.etcd.io/etcd/api/v3/version"
	"go.etcd.io/etcd/server/v3/storage/schema"
	"k8s.io/apimachinery/pkg/util/version"
)

// databaseHead is what etcd has noted in its database about the database itself.
type databaseHead struct {
	// index is the number of the last entry of the write-ahead log that the
	// database contains: etcd's consistent index. It is 0 for a new database.
	index uint64
}

// readDatabase reads the head of the database. It returns an error if etcd would
// not be able to open the database, or must not. A missing or an empty file is
// a new database.
func readDatabase(file string) (head databaseHead, err error) {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return head, nil
	}
	if err != nil {
		return head, err
	}
	err = withoutPanic(func() error {
		return viewDatabase(file, false, func(tx *bbolt.Tx) error {
			if tx.Size() > info.Size() {
				return fmt.Errorf("%w: it has %d bytes, and should have %d", errDamaged, info.Size(), tx.Size())
			}
			head, err = readHead(tx)
			return err
		})
	})
	if err == nil {
		// etcd would panic if the list of the free pages is damaged.
		err = withoutPanic(func() error { return viewDatabase(file, true, func(*bbolt.Tx) error { return nil }) })
	}
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return head, advised{fmt.Errorf("%s is in use by another process", file), "stop that, or choose another --data-dir"}
	}
	if err != nil {
		return head, fmt.Errorf("%s: %w", file, err)
	}
	return head, nil
}

// viewDatabase opens the database for reading, with or without the list of its
// free pages.
func viewDatabase(file string, freePages bool, view func(*bbolt.Tx) error) error {
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{
		ReadOnly: true, Timeout: time.Second, PreLoadFreelist: freePages, FreelistType: bbolt.FreelistMapType,
	})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(view)
}

func readHead(tx *bbolt.Tx) (head databaseHead, err error) {
	if meta := tx.Bucket(schema.Meta.Name()); meta != nil {
		if index := meta.Get(schema.MetaConsistentIndexKeyName); len(index) == 8 {
			head.index = binary.BigEndian.Uint64(index)
		}
		err = checkVersion(meta.Get(schema.MetaStorageVersionName))
	}
	if cluster := tx.Bucket(schema.Cluster.Name()); cluster != nil && err == nil {
		err = checkVersion(cluster.Get(schema.ClusterClusterVersionKeyName))
	}
	return head, err
}

// checkVersion returns an error if a newer etcd has written the database: its
// format may be one that the embedded etcd does not know. Old versions of etcd
// noted none.
func checkVersion(written []byte) error {
	ours := version.MustParseSemantic(etcdversion.Version)
	theirs, err := version.ParseSemantic(string(written))
	if err != nil || version.MajorMinor(ours.Major(), ours.Minor()).AtLeast(version.MajorMinor(theirs.Major(), theirs.Minor())) {
		return nil
	}
	return advised{
		fmt.Errorf("the database has been written by etcd %d.%d, and the embedded etcd is %s", theirs.Major(), theirs.Minor(), ours),
		"use a newer release, or choose another --data-dir",
	}
}
