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
	"k8s.io/apiserver/pkg/server/options/encryptionconfig/controller"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/resourcequota"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/validatingadmissionpolicystatus"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// patience is the time limit for events that normally happen soon. It is long
// enough for a busy machine.
const patience = 30 * time.Second

// kubectlVersion sets the version of kubectl, which kubectl compares with the
// version of the server.
const kubectlVersion = "-X k8s.io/component-base/version.gitVersion=v1.37.2"

// workDir is the directory of the programs and of the shared server's data.
var workDir string

// Programs and servers that tests share are created when a test first needs
// them.
var (
	gatehouse    = sync.OnceValues(func() (string, error) { return build("gatehouse", "../../cmd/gatehouse", ".") })
	kubectl      = sync.OnceValues(func() (string, error) { return build("kubectl", "./kubectl", ".", "-ldflags", kubectlVersion) })
	oidcProvider = sync.OnceValues(func() (string, error) { return build("oidcprovider", "oidcprovider", ".") })
	sampleServer = sync.OnceValues(func() (string, error) { return build("sample-apiserver", "sampleapiserver", "k8s.io/sample-apiserver") })
	shared       = sync.OnceValues(func() (*testserver.Server, error) {
		// Most tests are about what the API answers: other controllers would add objects
		// to their namespaces and delete what they want to see.
		s, err := testserver.New(context.Background(), testserver.Options{DataDir: filepath.Join(workDir, "data"),
			Controllers: []string{serviceaccount.Name, resourcequota.Name, validatingadmissionpolicystatus.Name}})
		if err == nil {
			stopShared = s.Stop
		}
		return s, err
	})
	stopShared = func() error { return nil }
)

func TestMain(m *testing.M) {
	klog.SetLogger(klog.Logger{}) // tests check the answers of the server, not its logs
	controller.EncryptionConfigFileChangePollDuration = 200 * time.Millisecond
	var err error
	if workDir, err = os.MkdirTemp("", "e2e"); err != nil {
		panic(err)
	}
	m.Run()
	if err := errors.Join(stopShared(), os.RemoveAll(workDir)); err != nil {
		panic(err)
	}
}

// build compiles a package. dir is a directory in a module that contains the
// package or depends on it. As in the Makefile, there is no cgo, so that it shares
// the build with make build and make run.
func build(name, dir, pkg string, flags ...string) (string, error) {
	path := filepath.Join(workDir, "bin", name)
	args := append(append([]string{"build", "-C", dir, "-o", path}, flags...), pkg)
	command := exec.Command("go", args...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	return path, nil
}

// sharedServer returns the server for all tests that do not need special flags.
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
