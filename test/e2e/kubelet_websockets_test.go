package e2e

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

// TestWebSocketsToKubelet opens streams with kubectl. The expectations are what
// kube-apiserver v1.36.3 asks a kubelet for: it passes the WebSockets of clients on to
// kubelets that declare ExtendWebSocketsToKubelet, and translates them for others. SPDY
// is passed on to all kubelets.
func TestWebSocketsToKubelet(t *testing.T) {
	t.Parallel()
	const bySPDY, byTunnel, byWebSocket = "SPDY/3.1", "websocket SPDY/3.1+portforward.k8s.io", "websocket v5.channel.k8s.io"
	for _, test := range []struct {
		name             string
		declared         bool
		environment      []string
		streams, forward string
	}{
		{"kubelet that declares WebSockets", true, nil, byWebSocket, byTunnel},
		{"kubelet that does not", false, nil, bySPDY, bySPDY},
		{"client that uses SPDY", true, []string{"KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false", "KUBECTL_PORT_FORWARD_WEBSOCKETS=false"}, bySPDY, bySPDY},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var asked upgrades
			c := startCluster(t, kubelet.Config{WebSockets: test.declared, Intercept: asked.note})
			c.environment = test.environment
			testutil.Check(t, os.WriteFile(filepath.Join(c.dir, "here"), []byte("content\n"), 0o600))
			// All use the same server one after the other.
			for _, say := range []struct{ name, args, input, output string }{
				{"exec", "exec p -- echo hello", "", "hello\n"},
				{"input that is closed", "exec -i p -- cat", "from here\n", "from here\n"},
				{"exit code", "exec p -- false", "", "command terminated with exit code 1\nexit status 1\n"},
				{"attach", "attach -i p", "say\n", "attached to p/c\nsay\n"},
				{"cp to a container", "cp here p:copy", "", ""},
				{"cp from a container", "cp p:copy back", "", ""},
			} {
				if got := c.say(t, say.input, strings.Split(say.args, " ")...); !strings.HasSuffix(got, say.output) {
					t.Errorf("%s: kubectl printed %q, want %q", say.name, got, say.output)
				}
				asked.expect(t, say.name, test.streams)
			}
			if back, err := os.ReadFile(filepath.Join(c.dir, "back")); string(back) != "content\n" {
				t.Errorf("copied there and back: %q, %v", back, err)
			}
			c.forwardOnce(t)
			asked.expect(t, "port-forward", test.forward)
		})
	}
}

// forwardOnce sends a few bytes through a port of the client and back.
func (c *cluster) forwardOnce(t *testing.T) {
	t.Helper()
	out, _ := c.background(t, "port-forward", "p", ":7")
	line, err := out.ReadString('\n')
	testutil.Check(t, err)
	conn, err := net.Dial("tcp", regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line))
	testutil.Check(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "there and back")
	testutil.Check(t, err)
	testutil.Check(t, conn.(*net.TCPConn).CloseWrite())
	if got, err := io.ReadAll(conn); string(got) != "there and back" || err != nil {
		t.Errorf("%q came back: %v", got, err)
	}
}

// upgrades are the protocols that a server has asked a kubelet for.
type upgrades struct {
	mu    sync.Mutex
	asked []string
}

// note is an intercept of a kubelet.
func (u *upgrades) note(_ http.ResponseWriter, r *http.Request) bool {
	if protocol := r.Header.Get("Upgrade"); protocol != "" {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.asked = append(u.asked, strings.TrimSpace(protocol+" "+r.Header.Get("Sec-WebSocket-Protocol")))
	}
	return false
}

// expect checks that all upgrades since the last call were to the given protocol.
func (u *upgrades) expect(t *testing.T, what, want string) {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.asked) == 0 || slices.ContainsFunc(u.asked, func(protocol string) bool { return protocol != want }) {
		t.Errorf("%s: the kubelet was asked for %q, want %q", what, u.asked, want)
	}
	u.asked = nil
}
