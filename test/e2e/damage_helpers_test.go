package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

const (
	page = 4096 // of the database
	// nobody is the user whom tests start the server as when they run as root.
	nobody = 65534
	// tornRecord begins as a record of the log with 4096 bytes would, and has
	// nothing else.
	tornRecord = "\x00\x10\x00\x00\x00\x00\x00\x00half a record"
)

// dataDir is the path of a data directory. Its methods damage it.
type dataDir string

func (d dataDir) etcd() string     { return filepath.Join(string(d), "etcd") }
func (d dataDir) snap() string     { return filepath.Join(d.etcd(), "member", "snap") }
func (d dataDir) database() string { return filepath.Join(d.snap(), "db") }
func (d dataDir) log() string      { return filepath.Join(d.etcd(), "member", "wal") }
func (d dataDir) segment() string {
	return filepath.Join(d.log(), "0000000000000000-0000000000000000.wal")
}

// filledDataDir returns the data directory of a stopped server, and the number
// of config maps in its default namespace.
func filledDataDir(t *testing.T) (dataDir, int) {
	t.Helper()
	dir := t.TempDir()
	p, config := serve(t, dir, "--controllers=")
	client := kubernetes.NewForConfigOrDie(config)
	create(t, client, "default", numbered("kept", 200)...)
	create(t, client, "default", numbered("deleted", 50)...)
	for _, name := range numbered("deleted", 50) {
		testutil.Check(t, client.CoreV1().ConfigMaps("default").Delete(t.Context(), name, metav1.DeleteOptions{}))
	}
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Fatalf("exit code %d: %s", code, p.stderr.String())
	}
	return dataDir(dir), 200
}

// unprivileged returns the attributes of a process of a user who is not root,
// or nil if the test does not run as root. It lets that user start the binary.
func unprivileged(t *testing.T) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	testutil.Check(t, os.Chmod(workDir, 0o711))
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// copyFor returns a copy of the directory that belongs to the user of the
// process.
func (d dataDir) copyFor(t *testing.T, user *syscall.SysProcAttr) dataDir {
	t.Helper()
	target := t.TempDir()
	testutil.Check(t, os.Chmod(filepath.Dir(target), 0o711))
	testutil.Check(t, os.Chmod(target, 0o700))
	err := filepath.WalkDir(string(d), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(target, strings.TrimPrefix(path, string(d)))
		if entry.IsDir() {
			err = os.MkdirAll(to, 0o700)
		} else {
			err = copySparse(path, to)
		}
		if err == nil && user != nil {
			err = os.Chown(to, nobody, nobody)
		}
		return err
	})
	testutil.Check(t, err)
	return dataDir(target)
}

// copySparse copies a file and leaves out the zeros at its end, of which the
// files of etcd have many megabytes.
func copySparse(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, bytes.TrimRight(data, "\x00"), 0o600); err != nil {
		return err
	}
	return os.Truncate(to, int64(len(data)))
}

// expected returns an expression for a line in a table of damages.
func expected(d dataDir, line string) *regexp.Regexp {
	uid := os.Geteuid()
	if uid == 0 {
		uid = nobody
	}
	line = regexp.QuoteMeta("gatehouse: " + line)
	line = strings.NewReplacer("ETCD", regexp.QuoteMeta(d.etcd()), "UID", strconv.Itoa(uid), "#", `\d+`, `\*`, `[^\n]+`).Replace(line)
	return regexp.MustCompile(`^` + line + `\n$`)
}

func (d dataDir) truncate(t *testing.T, path string, size int64) {
	t.Helper()
	testutil.Check(t, os.Truncate(path, size))
}

func (d dataDir) remove(t *testing.T, path string) {
	t.Helper()
	testutil.Check(t, os.RemoveAll(path))
}

func (d dataDir) rename(t *testing.T, from, to string) {
	t.Helper()
	testutil.Check(t, os.Rename(from, to))
}

func (d dataDir) chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	testutil.Check(t, os.Chmod(path, mode))
	t.Cleanup(func() { _ = os.Chmod(path, 0o700) }) // lets the directory be removed
}

func (d dataDir) mkdir(t *testing.T, path string) {
	t.Helper()
	testutil.Check(t, os.Mkdir(path, 0o777))
	testutil.Check(t, os.Chmod(path, 0o777))
}

// write writes a file that everybody may read and write.
func (d dataDir) write(t *testing.T, path, text string) {
	t.Helper()
	testutil.Check(t, os.WriteFile(path, []byte(text), 0o666))
	testutil.Check(t, os.Chmod(path, 0o666))
}

// writeAt overwrites a part of a file.
func (d dataDir) writeAt(t *testing.T, path string, offset int64, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	testutil.Check(t, err)
	defer f.Close()
	_, err = f.WriteAt(data, offset)
	testutil.Check(t, err)
}

// overwrite overwrites a part of a file with bytes that mean nothing.
func (d dataDir) overwrite(t *testing.T, path string, offset, length int64) {
	t.Helper()
	d.writeAt(t, path, offset, bytes.Repeat([]byte("\xde\xad\xbe\xef\x01"), int(length/5+1))[:length])
}

func (d dataDir) flip(t *testing.T, path string, offset int64) {
	t.Helper()
	data, err := os.ReadFile(path)
	testutil.Check(t, err)
	d.writeAt(t, path, offset, []byte{data[offset] ^ 0x10})
}

// logUsed returns the size of the log without the space that is not yet used.
func (d dataDir) logUsed(t *testing.T) int64 {
	t.Helper()
	data, err := os.ReadFile(d.segment())
	testutil.Check(t, err)
	return (int64(len(bytes.TrimRight(data, "\x00"))) + 7) &^ 7 // records are aligned
}

// open opens the database until the test ends.
func (d dataDir) open(t *testing.T) *bbolt.DB {
	t.Helper()
	db, err := bbolt.Open(d.database(), 0o600, nil)
	testutil.Check(t, err)
	t.Cleanup(func() { testutil.Check(t, db.Close()) })
	return db
}

func (d dataDir) databaseUsed(t *testing.T) (size int64) {
	t.Helper()
	db := d.open(t)
	testutil.Check(t, db.View(func(tx *bbolt.Tx) error {
		size = tx.Size()
		return nil
	}))
	testutil.Check(t, db.Close())
	return size
}

// put writes a value into the database.
func (d dataDir) put(t *testing.T, bucket, key, value string) {
	t.Helper()
	db := d.open(t)
	testutil.Check(t, db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucket)).Put([]byte(key), []byte(value)) }))
	testutil.Check(t, db.Close())
}

// pageInfo is a page of the database.
type pageInfo struct {
	kind    string
	content []byte
}

func (p pageInfo) holds(text string) bool { return bytes.Contains(p.content, []byte(text)) }

// overwritePages overwrites the pages that are chosen, at least one.
func (d dataDir) overwritePages(t *testing.T, chosen func(pageInfo) bool) {
	t.Helper()
	data, err := os.ReadFile(d.database())
	testutil.Check(t, err)
	var pages []int64
	db := d.open(t)
	testutil.Check(t, db.View(func(tx *bbolt.Tx) error {
		for number := range int(tx.Size() / page) {
			info, err := tx.Page(number)
			if err != nil {
				return fmt.Errorf("page %d: %w", number, err)
			}
			offset := int64(number * page)
			if chosen(pageInfo{info.Type, data[offset : offset+page]}) {
				pages = append(pages, offset)
			}
		}
		return nil
	}))
	testutil.Check(t, db.Close())
	if len(pages) == 0 {
		t.Fatal("no page was chosen")
	}
	for _, offset := range pages {
		d.overwrite(t, d.database(), offset, page)
	}
}
