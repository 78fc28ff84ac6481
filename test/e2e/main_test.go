package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// patience is how long a test waits for what should happen soon, on a busy
// machine.
const patience = 30 * time.Second

var (
	// workDir holds the programs and the data of the shared server.
	workDir string

	gatehouse = sync.OnceValues(func() (string, error) { return build("gatehouse", "../../cmd/gatehouse") })
	kubectl   = sync.OnceValues(func() (string, error) { return build("kubectl", "./kubectl") })
	stop      = func() error { return nil }
	shared    = sync.OnceValues(func() (*testserver.Server, error) {
		s, err := testserver.New(context(), "--data-dir="+filepath.Join(workDir, "data"))
		if err == nil {
			stop = s.Stop
		}
		return s, err
	})
)

func TestMain(m *testing.M) {
	klog.SetLogger(klog.Logger{}) // what the server answers is what counts
	var err error
	if workDir, err = os.MkdirTemp("", "e2e"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(workDir)
	m.Run()
	if err := stop(); err != nil {
		panic(err)
	}
}

// build compiles a program, once per run.
func build(name, dir string) (string, error) {
	path := filepath.Join(workDir, "bin", name)
	if out, err := exec.Command("go", "build", "-o", path, dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	return path, nil
}
