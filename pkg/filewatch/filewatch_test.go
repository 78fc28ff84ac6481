package filewatch_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/filewatch"
)

// follow watches a file and returns what waits for its next content.
func follow(t *testing.T, file, last string) func(want string) {
	contents := make(chan string, 10)
	go filewatch.Watch(t.Context(), file, []byte(last), func(content []byte) { contents <- string(content) })
	return func(want string) {
		t.Helper()
		select {
		case got := <-contents:
			if got != want {
				t.Errorf("got %q, not %q", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("nothing came, not %q", want)
		}
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	testutil.Check(t, os.WriteFile(file, []byte("one"), 0o600))
	next := follow(t, file, "zero")
	next("one") // changed before the watch

	testutil.Check(t, os.WriteFile(file, []byte("one"), 0o600)) // the same
	testutil.Check(t, os.WriteFile(file, []byte("two"), 0o600))
	next("two")

	other := file + ".new"
	testutil.Check(t, os.WriteFile(other, []byte("three"), 0o600))
	testutil.Check(t, os.Rename(other, file))
	next("three")

	testutil.Check(t, os.Remove(file))
	testutil.Check(t, os.WriteFile(file, []byte("four"), 0o600))
	next("four")
}

// TestWatchLink replaces the directory behind a link, as a mounted ConfigMap does.
func TestWatchLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, version := range []string{"v1", "v2"} {
		testutil.Check(t, os.Mkdir(filepath.Join(dir, version), 0o700))
		testutil.Check(t, os.WriteFile(filepath.Join(dir, version, "file"), []byte(version), 0o600))
	}
	testutil.Check(t, os.Symlink("v1", filepath.Join(dir, "data")))
	testutil.Check(t, os.Symlink(filepath.Join("data", "file"), filepath.Join(dir, "file")))
	next := follow(t, filepath.Join(dir, "file"), "")
	next("v1")
	testutil.Check(t, os.Symlink("v2", filepath.Join(dir, "new")))
	testutil.Check(t, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "data")))
	next("v2")
}
