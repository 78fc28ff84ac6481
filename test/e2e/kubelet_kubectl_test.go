package e2e

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

// TestKubectlContainers talks to containers with kubectl.
func TestKubectlContainers(t *testing.T) {
	t.Parallel()
	c := startCluster(t, kubelet.Config{})
	c.createPod(t, "two", "a", "b")
	testutil.Check(t, os.WriteFile(filepath.Join(c.dir, "here"), []byte("content\n"), 0o600))
	testutil.Check(t, os.Mkdir(filepath.Join(c.dir, "there"), 0o700))
	port := strconv.Itoa(int(c.kubelet.Port))
	for _, test := range []struct {
		name, input, output string
		args                string
	}{
		{"logs", "", "line 9 of c\n", "logs p"},
		{"logs of a container", "", "line 9 of b\n", "logs two -c b"},
		{"logs of the first of several containers", "", "line 9 of a\n", "logs two"},
		{"logs of the previous container", "", "previous line 9 of c\n", "logs p --previous"},
		{"the last logs", "", "line 9 of c\n", "logs p --tail=1"},
		{"new logs", "", "", "logs p --since=1m"},
		{"logs since a time", "", "line 9 of c\n", "logs p --since-time=2026-01-01T00:00:09Z"},
		{"some bytes of logs", "", "line 0 ", "logs p --limit-bytes=7"},
		{"logs with times", "", "2026-01-01T00:00:09Z line 9 of c\n", "logs p --timestamps --tail=1"},
		{"logs of nothing", "", "error: container x is not valid for pod p out of: c\nexit status 1\n", "logs p -c x"},
		{"exec", "", "hello\n", "exec p -- echo hello"},
		{"exec with input", "from here\n", "from here\n", "exec -i p -- cat"},
		{"exec that fails", "", "command terminated with exit code 3\nexit status 3\n", "exec p -- sh -c exit\t3"},
		{"attach", "say\n", "attached to p/c\nsay\n", "attach -i p"},
		{"cp to a container", "", "", "cp here p:there/copy"},
		{"cp from a container", "", "", "cp p:there/copy back"},
		{"a page of the kubelet", "", "ok", "get --raw /api/v1/nodes/n/proxy/healthz"},
		{"resources of the node", "", "node_cpu_usage_seconds_total 1\n", "get --raw /api/v1/nodes/n/proxy/metrics/resource"},
		{"a page of a pod", "", "ok", "get --raw /api/v1/namespaces/default/pods/https:p:" + port + "/proxy/healthz"},
		{"debug", "", "", "debug p --image=debugger --container=d --attach=false --profile=general"},
		{"logs of the debugger", "", "line 9 of d\n", "logs p -c d --tail=1"},
		{"exec in the debugger", "", "hello\n", "exec p -c d -- echo hello"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := strings.Split(test.args, " ")
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "\t", " ")
			}
			got := c.say(t, test.input, args...)
			if !strings.HasSuffix(got, test.output) || strings.Contains(got, "exit status") != strings.Contains(test.output, "exit status") {
				t.Errorf("kubectl printed %q, want %q", got, test.output)
			}
		})
	}
	if back, err := os.ReadFile(filepath.Join(c.dir, "back")); string(back) != "content\n" {
		t.Errorf("copied there and back: %q, %v", back, err)
	}
}

// TestKubectlTerminal types into a command that has a terminal. The terminal of the
// client has a size, which the container gets.
func TestKubectlTerminal(t *testing.T) {
	t.Parallel()
	c := startCluster(t, kubelet.Config{})
	for _, test := range []struct {
		name, input, output string
		command             []string
	}{
		{"size", "", "97x31", []string{"size"}},
		{"input", "typed\n", "TYPED", []string{"sh", "-c", "head -n 1 | tr a-z A-Z"}}, // capitals, because the terminal may echo
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := c.kubectl(t, append([]string{"exec", "-i", "-t", "p", "--"}, test.command...)...)
			terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 97, Rows: 31})
			testutil.Check(t, err)
			t.Cleanup(func() { _ = terminal.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
			_, err = io.WriteString(terminal, test.input)
			testutil.Check(t, err)
			var seen strings.Builder
			for in := bufio.NewReader(terminal); !strings.Contains(seen.String(), test.output); {
				b, err := in.ReadByte()
				if err != nil {
					t.Fatalf("the terminal shows %q, not %q: %v", seen.String(), test.output, err)
				}
				seen.WriteByte(b)
			}
		})
	}
}

// TestKubectlFollow reads a log that does not end.
func TestKubectlFollow(t *testing.T) {
	t.Parallel()
	c := startCluster(t, kubelet.Config{})
	out, _ := c.background(t, "logs", "-f", "p")
	for line := ""; line != "followed 5\n"; {
		var err error
		line, err = out.ReadString('\n')
		testutil.Check(t, err)
	}
}

// TestKubectlPortForward sends megabytes through a port of the client and back.
func TestKubectlPortForward(t *testing.T) {
	t.Parallel()
	c := startCluster(t, kubelet.Config{})
	out, _ := c.background(t, "port-forward", "p", ":7")
	line, err := out.ReadString('\n')
	testutil.Check(t, err)
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line)
	const size = 4 << 20
	for range 3 {
		conn, err := net.Dial("tcp", address)
		testutil.Check(t, err)
		go func() {
			_, _ = io.CopyN(conn, zeros{}, size)
			_ = conn.(*net.TCPConn).CloseWrite()
		}()
		if got, err := io.Copy(io.Discard, conn); got != size || err != nil {
			t.Errorf("%d bytes came back: %v", got, err)
		}
		_ = conn.Close()
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestKubectlProxy reaches a node and a pod through kubectl proxy.
func TestKubectlProxy(t *testing.T) {
	t.Parallel()
	c := startCluster(t, kubelet.Config{})
	out, _ := c.background(t, "proxy", "--port=0")
	line, err := out.ReadString('\n')
	testutil.Check(t, err)
	address := "http://" + regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line)
	pod := "/api/v1/namespaces/default/pods/https:p:" + strconv.Itoa(int(c.kubelet.Port)) + "/proxy"
	for path, want := range map[string]string{
		"/api/v1/nodes/n/proxy/healthz": "ok",
		pod + "/echo/a/b/?x=y":          "GET /echo/a/b/?x=y\n",
		pod + "/page":                   `<html><head></head><body><a href="` + pod + `/stats/summary">stats</a></body></html>`,
	} {
		response, err := http.Get(address + path)
		testutil.Check(t, err)
		body, err := io.ReadAll(response.Body)
		testutil.Check(t, err)
		_ = response.Body.Close()
		if string(body) != want {
			t.Errorf("%s: %q", path, body)
		}
	}
}

// background starts kubectl, which is killed at the end of the test, and returns
// its output.
func (c *cluster) background(t *testing.T, args ...string) (*bufio.Reader, *exec.Cmd) {
	t.Helper()
	cmd := c.kubectl(t, args...)
	pipe, err := cmd.StdoutPipe()
	testutil.Check(t, err)
	testutil.Check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return bufio.NewReader(pipe), cmd
}
