package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// patience is how long a test waits for what should happen soon, on a busy
// machine.
const patience = 30 * time.Second

// kubectlVersion makes kubectl tell a version that it can compare with the
// server's.
const kubectlVersion = "-X k8s.io/component-base/version.gitVersion=v1.37.2"

// workDir holds the programs, and the data of the shared server.
var workDir string

// What the tests share is made when the first test asks for it.
var (
	gatehouse    = sync.OnceValues(func() (string, error) { return build("gatehouse", "../../cmd/gatehouse", ".") })
	kubectl      = sync.OnceValues(func() (string, error) { return build("kubectl", "./kubectl", ".", "-ldflags", kubectlVersion) })
	oidcProvider = sync.OnceValues(func() (string, error) { return build("oidcprovider", "oidcprovider", ".") })
	sampleServer = sync.OnceValues(func() (string, error) { return build("sample-apiserver", "sampleapiserver", "k8s.io/sample-apiserver") })
	shared       = sync.OnceValues(func() (*testserver.Server, error) {
		s, err := testserver.New(context.Background(), "--data-dir="+filepath.Join(workDir, "data"))
		if err == nil {
			stopShared = s.Stop
		}
		return s, err
	})
	stopShared = func() error { return nil }
)

func TestMain(m *testing.M) {
	klog.SetLogger(klog.Logger{}) // what the server answers is what counts
	var err error
	if workDir, err = os.MkdirTemp("", "e2e"); err != nil {
		panic(err)
	}
	m.Run()
	if err := errors.Join(stopShared(), os.RemoveAll(workDir)); err != nil {
		panic(err)
	}
}

// build compiles a program, of which the module in a folder knows the package.
func build(name, dir, pkg string, flags ...string) (string, error) {
	path := filepath.Join(workDir, "bin", name)
	args := append(append([]string{"build", "-C", dir, "-o", path}, flags...), pkg)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	return path, nil
}

// sharedServer is the server for all tests that need nothing special.
func sharedServer(t testing.TB) *testserver.Server {
	t.Helper()
	s, err := shared()
	testutil.Check(t, err)
	return s
}

func ensureNamespace(t testing.TB, s *testserver.Server, name string) {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	_, err := kubernetes.NewForConfigOrDie(s.Config).CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		testutil.Check(t, err)
	}
}
