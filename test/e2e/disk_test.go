package e2e

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

const megabyte = 1000 * 1000

// smallDisk mounts a file system of 320 MiB in memory until the test ends. It
// reports whether this is permitted.
func smallDisk(t *testing.T) (dir string, ok bool) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=320m", "gatehouse-test", dir).CombinedOutput(); err != nil {
		t.Logf("no file system can be mounted here: %v: %s", err, out)
		return "", false
	}
	t.Cleanup(func() {
		out, err := exec.Command("umount", dir).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir, true
}

// filler is a file that uses up the space of a small disk.
type filler struct {
	t    *testing.T
	path string
}

// leave makes the file so large that this many bytes remain free.
func (f filler) leave(free int64) {
	f.t.Helper()
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	testutil.Check(f.t, err)
	defer file.Close()
	for zeros := make([]byte, megabyte); err == nil; {
		_, err = file.Write(zeros)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		f.t.Fatalf("the disk cannot be filled: %v", err)
	}
	info, err := file.Stat()
	testutil.Check(f.t, err)
	testutil.Check(f.t, file.Truncate(info.Size()-free))
}

// TestFullDisk lets the disk of a server run full during writes. They must be
// refused, reads go on, and so do writes when space is free again; nothing that
// was acknowledged is lost.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk, ok := smallDisk(t)
	if !ok {
		checkQuota(t) // the free space is also tested in pkg/storage, where the test says how much there is
		return
	}
	dir, other := filepath.Join(disk, "data"), filler{t, filepath.Join(disk, "filler")}
	p, config := serve(t, dir)
	maps := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("default")
	spare := numbered("spare", 100)
	create(t, kubernetes.NewForConfigOrDie(config), "default", append(spare, "first", "second")...)

	writes := startLoad(t, config, 8)
	other.leave(0)
	writes.writers.Wait() // each of them ends with its first error
	refused(t, maps, "when the disk is full")
	// The server looks at the space now and then: it may still have seen enough for deletes.
	eventually(t, "a delete is refused", func() bool {
		name := spare[0]
		spare = spare[1:]
		return isFull(maps.Delete(t.Context(), name, metav1.DeleteOptions{}))
	})
	if list, err := maps.List(t.Context(), metav1.ListOptions{}); err != nil || len(list.Items) < writes.count() {
		t.Errorf("when the disk is full, a list answers %v", err)
	}

	other.leave(90 * megabyte)
	eventually(t, "a delete is possible", func() bool { return maps.Delete(t.Context(), "first", metav1.DeleteOptions{}) == nil })
	refused(t, maps, "when only deletes are possible")
	testutil.Check(t, os.Remove(other.path))
	eventually(t, "a write is possible", func() bool {
		_, err := maps.Create(t.Context(), configMap("third"), metav1.CreateOptions{})
		return err == nil
	})

	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.stderr.String())
	}
	other.leave(50 * megabyte)
	fails(t, "MB free, and etcd needs 80 MB (free space there, or choose another --data-dir)", "--data-dir="+dir, "--secure-port="+freePort(t))
	fails(t, "and etcd needs 224 MB (free space there", "--data-dir="+filepath.Join(disk, "new"), "--secure-port="+freePort(t))
	testutil.Check(t, os.Remove(other.path))
	_, config = serve(t, dir)
	expectAll(t, config, writes.end())
}

// isFull reports whether an error says that there is no space.
func isFull(err error) bool {
	status := apierrors.APIStatus(nil)
	return errors.As(err, &status) && status.Status().Code == http.StatusInsufficientStorage && status.Status().Reason == "InsufficientStorage"
}

// refused checks that creates and updates are answered with 507, and an event,
// which needs a lease, as well.
func refused(t *testing.T, maps typedcorev1.ConfigMapInterface, when string) {
	t.Helper()
	if _, err := maps.Create(t.Context(), configMap("refused"), metav1.CreateOptions{}); !isFull(err) {
		t.Errorf("%s, a create answers %v", when, err)
	}
	if _, err := maps.Update(t.Context(), configMap("second", "a", "b"), metav1.UpdateOptions{}); !isFull(err) {
		t.Errorf("%s, an update answers %v", when, err)
	}
}

// TestFileTooLarge limits the size of the files that the server may write, as
// ulimit does, so that the disk refuses a write that etcd cannot do without. The
// server must say so and end, at the start and later, and have every
// acknowledged write when it starts without the limit.
func TestFileTooLarge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ends := func(p *process) {
		t.Helper()
		code := p.exit()
		lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
		if last := lines[len(lines)-1]; code != 1 || !strings.HasPrefix(last, "gatehouse: ") || !strings.Contains(last, "file too large (allow larger files in ") {
			t.Errorf("exit code %d: %s", code, p.stderr.String())
		}
	}
	const blocks = 1000 * 1000 / 512
	ends(launchLimited(t, 10*blocks, "--data-dir="+t.TempDir(), "--secure-port="+freePort(t)))

	p, config := ready(t, launchLimited(t, 67*blocks, "--data-dir="+dir, "--secure-port="+freePort(t)))
	maps := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("default")
	large := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "large-"}, Data: map[string]string{"a": strings.Repeat("x", megabyte)}}
	var acknowledged []string
	for range 100 {
		written, err := maps.Create(t.Context(), large, metav1.CreateOptions{})
		if err != nil {
			break
		}
		acknowledged = append(acknowledged, written.Name)
	}
	ends(p)
	_, config = serve(t, dir)
	expectAll(t, config, acknowledged)
}

// TestQuota fills the database up to its quota.
func TestQuota(t *testing.T) {
	t.Parallel()
	checkQuota(t)
}

func checkQuota(t *testing.T) {
	dir := t.TempDir()
	p, config := serve(t, dir, "--embedded-etcd-quota-backend-bytes=4000000")
	maps := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("default")
	large := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "large-"}, Data: map[string]string{"a": strings.Repeat("x", 500_000)}}
	var err error
	acknowledged := -1
	for ; err == nil && acknowledged < 1000; acknowledged++ {
		_, err = maps.Create(t.Context(), large, metav1.CreateOptions{})
	}
	if !strings.Contains(err.Error(), "etcdserver: mvcc: database space exceeded") {
		t.Errorf("beyond the quota a create answers %v", err)
	}
	list, err := maps.List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	testutil.Check(t, maps.Delete(t.Context(), list.Items[0].Name, metav1.DeleteOptions{}))
	p.signal(syscall.SIGTERM)
	p.exit()

	_, config = serve(t, dir)
	maps = kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("default")
	list, err = maps.List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	if len(list.Items) < acknowledged-1 { // etcd has kept the one that reached the quota, although it answered with an error
		t.Errorf("%d objects are left, not %d", len(list.Items), acknowledged-1)
	}
	create(t, kubernetes.NewForConfigOrDie(config), "default", "beyond")
}
