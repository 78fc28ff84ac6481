package e2e

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// readyLine matches the line that the server prints when it is ready.
var readyLine = regexp.MustCompile(`(?m)^gatehouse v\S+ is ready on (https://\S+) after \S+: export KUBECONFIG=(\S+)$`)

// output collects the output of a process.
type output struct {
	sync.Mutex
	bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.Lock()
	defer o.Unlock()
	return o.Buffer.Write(p)
}

func (o *output) String() string {
	o.Lock()
	defer o.Unlock()
	return o.Buffer.String()
}

// process is a running process of the real binary.
type process struct {
	t              testing.TB
	cmd            *exec.Cmd
	stdout, stderr output
	exited         chan struct{}
}

// launch starts the binary in an empty directory and does not wait for it.
func launch(t testing.TB, args ...string) *process {
	t.Helper()
	program, err := gatehouse()
	testutil.Check(t, err)
	return start(t, exec.Command(program, args...))
}

// launchIn is launch in a working directory.
func launchIn(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	program, err := gatehouse()
	testutil.Check(t, err)
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	return start(t, cmd)
}

// launchAs is launch with these attributes of the process, such as another
// user.
func launchAs(t testing.TB, attributes *syscall.SysProcAttr, args ...string) *process {
	t.Helper()
	program, err := gatehouse()
	testutil.Check(t, err)
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = attributes
	return start(t, cmd)
}

// launchLimited is launch with a limit on the size of the files that the process
// may write. Its unit is 512 bytes.
func launchLimited(t testing.TB, blocks int, args ...string) *process {
	t.Helper()
	program, err := gatehouse()
	testutil.Check(t, err)
	return start(t, exec.Command("sh", append([]string{"-c", `ulimit -f "$0" && exec "$@"`, strconv.Itoa(blocks), program}, args...)...))
}

// start starts a command, in an empty directory unless it has another one.
func start(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, exited: make(chan struct{})}
	if cmd.Dir == "" {
		cmd.Dir = t.TempDir()
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	testutil.Check(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
	})
	return p
}

// serve starts the binary on a data directory and a free port, and waits until
// the server is ready.
func serve(t testing.TB, dataDir string, args ...string) (*process, *restclient.Config) {
	t.Helper()
	return ready(t, launch(t, append([]string{"--data-dir=" + dataDir, "--secure-port=" + freePort(t)}, args...)...))
}

// freePort returns a port on which nothing listened when it was chosen.
func freePort(t testing.TB) string {
	t.Helper()
	_, port, err := net.SplitHostPort(freeAddress(t))
	testutil.Check(t, err)
	return port
}

// ready waits until the server of a process is ready and returns its
// administrator's configuration.
func ready(t testing.TB, p *process) (*process, *restclient.Config) {
	t.Helper()
	eventually(t, "the server is ready", func() bool {
		select {
		case <-p.exited:
			t.Fatalf("the server ended: %s", p.stderr.String())
		default:
		}
		return readyLine.MatchString(p.stdout.String())
	})
	match := readyLine.FindStringSubmatch(p.stdout.String())
	config, err := clientcmd.BuildConfigFromFlags("", match[2])
	testutil.Check(t, err)
	config.QPS = -1
	return p, config
}

// signal sends a signal to the process.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	testutil.Check(p.t, p.cmd.Process.Signal(s))
}

// exit waits until the process has ended and returns its exit code. The code is
// -1 if the process was ended by a signal.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatal("the process does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// fails runs the binary and checks that it ends with code 1 and prints one line
// on stderr, which must contain the text.
func fails(t *testing.T, text string, args ...string) {
	t.Helper()
	p := launch(t, args...)
	code := p.exit()
	message := p.stderr.String()
	if code != 1 || strings.Count(message, "\n") != 1 || !strings.HasPrefix(message, "gatehouse: ") || !strings.Contains(message, text) {
		t.Errorf("%v: exit code %d, without %q in one line:\n%s", args, code, text, message)
	}
	if p.stdout.String() != "" {
		t.Errorf("%v: prints %s", args, p.stdout.String())
	}
}

// file writes a file to a temporary directory and returns its path.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	testutil.Check(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
