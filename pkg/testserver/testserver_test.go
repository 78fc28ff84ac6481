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
			if servers[i], err = testserver.New(t.Context(), "--data-dir="+t.TempDir()); err != nil {
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
		if len(list.Items) != 1 || list.Items[0].Name != fmt.Sprintf("of-%d", i) {
			t.Errorf("server %d has %d config maps", i, len(list.Items))
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
	_, err := testserver.New(t.Context(), "--data-dir="+t.TempDir(), "--emulated-version=1.35")
	if err == nil || !strings.Contains(err.Error(), "--emulated-version") {
		t.Errorf("a server with another emulated version: %v", err)
	}
}

func TestNewReportsBadFlags(t *testing.T) {
	for _, arg := range []string{"--no-such-flag", "--event-ttl=0s", "--runtime-config=nonsense/v1=true", "--audit-policy-file=/no/such/file"} {
		s, err := testserver.New(t.Context(), "--data-dir="+t.TempDir(), arg)
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
	s, err := testserver.New(context.Background(), "--data-dir="+dir)
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
		s := testserver.Start(t, fmt.Sprintf("--allow-privileged=%t", allow))
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
