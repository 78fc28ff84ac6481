package e2e

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
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
	// errors are those with which the writers ended.
	errors []error
}

func startLoad(t testing.TB, config *restclient.Config, writers int) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{stop: cancel}
	client := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("default")
	for range writers {
		l.writers.Go(func() {
			for {
				written, err := client.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "write-"}}, metav1.CreateOptions{})
				l.mu.Lock()
				if err != nil {
					l.errors = append(l.errors, err)
					l.mu.Unlock()
					return
				}
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

// end stops the writers and returns the acknowledged objects.
func (l *load) end() []string {
	l.stop()
	l.writers.Wait()
	return l.acknowledged
}

// expectAll checks that every acknowledged object exists. It returns the number
// of objects of the load that were written without an acknowledgement.
func expectAll(t *testing.T, config *restclient.Config, acknowledged []string) (more int) {
	t.Helper()
	list, err := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	present := map[string]bool{}
	for _, item := range list.Items {
		present[item.Name] = true
	}
	for _, name := range acknowledged {
		if !present[name] {
			t.Errorf("%s was acknowledged and is gone", name)
		}
		delete(present, name)
	}
	for name := range present {
		if strings.HasPrefix(name, "write-") {
			more++
		}
	}
	return more
}

// TestKill kills the server twenty times while it writes, and checks after each
// start that no acknowledged write is lost.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var acknowledged []string
	for range 20 {
		p, config := serve(t, dir)
		expectAll(t, config, acknowledged)
		writes := startLoad(t, config, 8)
		p.signal(syscall.SIGKILL)
		p.exit()
		acknowledged = append(acknowledged, writes.end()...)
	}
	_, config := serve(t, dir)
	expectAll(t, config, acknowledged)
	t.Logf("%d writes were acknowledged", len(acknowledged))
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
// schemas, and until its controllers have begun. Those of the library look ten times
// a second whether their caches are filled, and complain if the server ends before; nothing
// shows that they have begun.
func waitUntilIdle(t *testing.T, config *restclient.Config) {
	time.Sleep(500 * time.Millisecond)
	schemas := kubernetes.NewForConfigOrDie(config).FlowcontrolV1().FlowSchemas()
	eventually(t, "every flow schema has a condition", func() bool {
		list, err := schemas.List(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
		return !slices.ContainsFunc(list.Items, func(s flowcontrolv1.FlowSchema) bool { return len(s.Status.Conditions) == 0 })
	})
}

// TestStopUnderLoad stops a server with open watches during writes. The watches
// must end, every request must be answered or refused, and no acknowledged
// write may be lost.
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
	// The client repeats a refused request after the second for which the server asks
	// it to wait. It gives up when nothing listens any more.
	writes.writers.Wait()
	acknowledged := writes.end()
	for _, err := range writes.errors {
		if apierrors.ReasonForError(err) == metav1.StatusReasonUnknown && !utilnet.IsConnectionRefused(err) {
			t.Errorf("a request was neither answered nor refused: %v", err)
		}
	}
	_, config = serve(t, dir)
	if more := expectAll(t, config, acknowledged); more > 0 {
		t.Errorf("%d requests were executed and not answered", more)
	}
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
