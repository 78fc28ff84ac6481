package testserver_test

import (
	"context"
	"fmt"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func TestServersSideBySide(t *testing.T) {
	const count = 10
	servers := make([]*testserver.Server, count)
	var starting sync.WaitGroup
	for i := range servers {
		starting.Go(func() {
			var err error
			if servers[i], err = testserver.New(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for i, s := range servers {
		client := kubernetes.NewForConfigOrDie(s.Config)
		own := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("of-%d", i)}}
		if _, err := client.CoreV1().ConfigMaps("default").Create(t.Context(), own, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range servers {
		list, err := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var own []string
		for _, item := range list.Items {
			if item.Name != "kube-root-ca.crt" { // each namespace has this one
				own = append(own, item.Name)
			}
		}
		if !slices.Equal(own, []string{fmt.Sprintf("of-%d", i)}) {
			t.Errorf("server %d has the config maps %v", i, own)
		}
	}
	var stopping sync.WaitGroup
	for _, s := range servers {
		stopping.Go(func() {
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	stopping.Wait()
	if left := goroutines(t, "gatehouse/pkg/"); len(left) > 0 {
		t.Errorf("%d goroutines of ours are left, such as:\n%s", len(left), left[0])
	}
	// These goroutines belong to the libraries: etcd and its clients, watch
	// caches, connections.
	if left := goroutines(t, "go.etcd.io/", "pkg/storage/cacher"); len(left) > 0 {
		t.Errorf("%d goroutines of the storage are left, such as:\n%s", len(left), left[0])
	}
}

// goroutines returns the stacks that contain one of the texts, except that of
// the test itself. It waits some time for these goroutines to end.
func goroutines(t *testing.T, texts ...string) (left []string) {
	t.Helper()
	for range 100 {
		left = nil
		buffer := make([]byte, 64<<20)
		for i, stack := range strings.Split(string(buffer[:goruntime.Stack(buffer, true)]), "\n\n") {
			if i > 0 && slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(stack, text) }) &&
				!strings.Contains(stack, "testing.tRunner") && !strings.Contains(stack, "testing.(*M).Run") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return left
}

func TestGlobalsAreShared(t *testing.T) {
	testserver.Start(t)
	for _, test := range []struct {
		options testserver.Options
		text    string
	}{
		{testserver.Options{Flags: []string{"--emulated-version=1.35"}},
			"--emulated-version=1.35 cannot be had in this process: the default of --emulated-version is in force"},
		{testserver.Options{FeatureGates: map[string]bool{"AllAlpha": true, "ContextualLogging": false}},
			"--feature-gates=AllAlpha=true,ContextualLogging=false cannot be had in this process: the default of --feature-gates is in force"},
	} {
		if _, err := testserver.New(t.Context(), test.options); err == nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestNewReportsBadFlags(t *testing.T) {
	for _, arg := range []string{"--no-such-flag", "--event-ttl=0s", "--runtime-config=nonsense/v1=true", "--audit-policy-file=/no/such/file"} {
		s, err := testserver.New(t.Context(), testserver.Options{Flags: []string{arg}})
		if err == nil {
			t.Errorf("%s was accepted", arg)
			_ = s.Stop()
			continue
		}
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %q does not name the flag", arg, err)
		}
	}
}

func ExampleNew() {
	dir, err := os.MkdirTemp("", "gatehouse")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	s, err := testserver.New(context.Background(), testserver.Options{DataDir: dir})
	if err != nil {
		panic(err)
	}
	defer s.Stop()

	client := kubernetes.NewForConfigOrDie(s.Config)
	namespace, err := client.CoreV1().Namespaces().Get(context.Background(), "kube-system", metav1.GetOptions{})
	fmt.Println(namespace.Status.Phase, err)
	// Output: Active <nil>
}

func TestAllowPrivileged(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "c", Image: "i", SecurityContext: &corev1.SecurityContext{Privileged: ptr.To(true)}}},
	}}
	for _, allow := range []bool{true, false} {
		s := testserver.Start(t, testserver.Options{Flags: []string{fmt.Sprintf("--allow-privileged=%t", allow)}})
		_, err := kubernetes.NewForConfigOrDie(s.Config).CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{})
		if allow && err != nil ||
			!allow && (err == nil || !strings.Contains(err.Error(), "spec.containers[0].securityContext.privileged: Forbidden: disallowed by cluster policy")) {
			t.Errorf("--allow-privileged=%t: %v", allow, err)
		}
	}
}

// TestPatchOfAListWithoutMergeKey sends a patch that makes the library panic.
func TestPatchOfAListWithoutMergeKey(t *testing.T) {
	bindings := kubernetes.NewForConfigOrDie(testserver.Start(t).Config).RbacV1().ClusterRoleBindings()
	patch := `{"$setElementOrder/subjects":[{"name":"carol"}],"subjects":[{"name":"carol"}]}`
	_, err := bindings.Patch(t.Context(), "cluster-admin", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	if !apierrors.IsBadRequest(err) {
		t.Errorf("the answer is %v", err)
	}
	if _, err := bindings.Get(t.Context(), "cluster-admin", metav1.GetOptions{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestNoSocket shows that a server without a socket serves requests and watches,
// also those of other users and after a restart.
func TestNoSocket(t *testing.T) {
	s := testserver.Start(t, testserver.Options{NoSocket: true})
	if s.Kubeconfig != nil || s.KubeconfigFile != "" {
		t.Error("there is a kubeconfig, which nobody could use")
	}
	config, err := s.ConfigFor("alice", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		maps := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("default")
		watch, err := maps.Watch(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "c-"}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if event := <-watch.ResultChan(); event.Object == nil {
			t.Errorf("the event is %v", event)
		}
		watch.Stop()
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLogs shows that the log of a server goes to its own function, and that the
// log of others stays where it was.
func TestLogs(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	s := testserver.Start(t, testserver.Options{Verbose: true, Log: func(line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, line)
	}})
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, "Serving securely on 127.0.0.1:") }) {
		t.Errorf("the log is %q", lines)
	}
}

// TestNothingIsLeft looks for files in the working directory and for data
// directories.
func TestNothingIsLeft(t *testing.T) {
	dir, temporary := t.TempDir(), t.TempDir()
	t.Chdir(dir)
	t.Setenv("TMPDIR", temporary)
	s, err := testserver.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, temporary} {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("%s has %v, %v", dir, entries, err)
		}
	}
}
