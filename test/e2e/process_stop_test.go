package e2e

import (
	"context"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// load contains writers that create objects until they fail or are stopped. It
// records the acknowledged creations.
type load struct {
	writers      sync.WaitGroup
	stop         context.CancelFunc
	mu           sync.Mutex
	acknowledged []string
}

func startLoad(t testing.TB, config *restclient.Config, writers int) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{stop: cancel}
	client := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("default")
	for range writers {
		l.writers.Go(func() {
			for {
				written, err := client.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "write-"}}, metav1.CreateOptions{})
				if err != nil {
					return
				}
				l.mu.Lock()
				l.acknowledged = append(l.acknowledged, written.Name)
				l.mu.Unlock()
			}
		})
	}
	eventually(t, "the load has begun", func() bool { return l.count() > 200 })
	return l
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acknowledged)
}

// check stops the writers, starts a server on the data directory, and checks
// that every acknowledged object exists.
func (l *load) check(t *testing.T, dataDir string) {
	t.Helper()
	l.stop()
	l.writers.Wait()
	p, config := serve(t, dataDir)
	list, err := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	present := map[string]bool{}
	for _, item := range list.Items {
		present[item.Name] = true
	}
	for _, name := range l.acknowledged {
		if !present[name] {
			t.Errorf("%s was acknowledged and is gone", name)
		}
	}
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestKill kills the server twice while it writes, and checks that no
// acknowledged write is lost.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		p, config := serve(t, dir)
		writes := startLoad(t, config, 8)
		p.signal(syscall.SIGKILL)
		p.exit()
		writes.check(t, dir)
	}
}

func TestStopWhenIdle(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p, config := serve(t, t.TempDir())
		waitUntilIdle(t, config)
		p.signal(signal)
		if code := p.exit(); code != 0 {
			t.Errorf("%v: exit code %d", signal, code)
		}
		if message := p.stderr.String(); message != "" {
			t.Errorf("%v: prints %s", signal, message)
		}
	}
}

// waitUntilIdle waits until a new server has written the conditions of its flow
// schemas, which is the last thing that it does after its start.
func waitUntilIdle(t *testing.T, config *restclient.Config) {
	schemas := kubernetes.NewForConfigOrDie(config).FlowcontrolV1().FlowSchemas()
	eventually(t, "every flow schema has a condition", func() bool {
		list, err := schemas.List(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
		return !slices.ContainsFunc(list.Items, func(s flowcontrolv1.FlowSchema) bool { return len(s.Status.Conditions) == 0 })
	})
}

// TestStopUnderLoad stops a server with open watches during writes. The watches
// must end and no acknowledged write may be lost.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, config := serve(t, dir)
	var watches sync.WaitGroup
	for range 10 {
		w, err := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("").Watch(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
		watches.Go(func() {
			for range w.ResultChan() {
			}
		})
	}
	writes := startLoad(t, config, 8)
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.stderr.String())
	}
	watches.Wait()
	writes.check(t, dir)
}

// TestSecondSignal checks that a second signal ends a server immediately,
// although a slow watch is still open.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p, config := serve(t, t.TempDir(), "--shutdown-watch-termination-grace-period=60s", "--shutdown-delay-duration=60s")
	w, err := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("").Watch(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	defer w.Stop()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		t.Fatal("the first signal did not wait for --shutdown-delay-duration")
	case <-time.After(500 * time.Millisecond):
	}
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 1 {
		t.Errorf("exit code %d", code)
	}
}
