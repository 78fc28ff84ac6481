package e2e

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

// podIP is the address of the pods on nodes of cluster. Connections of the server
// to it lead to the kubelet.
const podIP = "192.0.2.77"

// cluster is a server with a kubelet. All connections of the server into the
// cluster go through the egress proxy, a Unix socket.
type cluster struct {
	*testserver.Server
	client  kubernetes.Interface
	kubelet *kubelet.Kubelet
	dir     string
	egress  *http.Server
	// environment is added to that of kubectl.
	environment []string
}

// startCluster starts a server that knows a node named n. Its pod p has a
// container named c.
func startCluster(t *testing.T, config kubelet.Config, flags ...string) *cluster {
	t.Helper()
	c := &cluster{dir: t.TempDir()}
	if config.Dir == "" {
		config.Dir = c.dir
	}
	config.Hosts = []net.IP{net.ParseIP(podIP)}
	var err error
	c.kubelet, err = kubelet.Start(config)
	testutil.Check(t, err)
	t.Cleanup(c.kubelet.Close)
	ca := filepath.Join(c.dir, "kubelet-ca.crt")
	testutil.Check(t, os.WriteFile(ca, c.kubelet.CA, 0o600))
	c.Server = testserver.Start(t, testserver.Options{Flags: append([]string{"--kubelet-certificate-authority=" + ca,
		"--egress-selector-config-file=" + c.startEgress(t)}, flags...)})
	c.client = kubernetes.NewForConfigOrDie(c.Config)
	node := c.kubelet.Node("n")
	node.Status.Addresses[0].Address = podIP
	_, err = c.client.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{})
	testutil.Check(t, err)
	c.createPod(t, "p", "c")
	return c
}

// startEgress serves an egress proxy that connects to the kubelet in place of
// podIP, and to nothing else. It returns the configuration for the server.
func (c *cluster) startEgress(t *testing.T) (file string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "egress") // the names of sockets are short
	testutil.Check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	listener, err := net.Listen("unix", filepath.Join(dir, "s"))
	testutil.Check(t, err)
	c.egress = &http.Server{Handler: http.HandlerFunc(c.tunnel)}
	go func() { _ = c.egress.Serve(listener) }()
	t.Cleanup(func() { _ = c.egress.Close() })
	file = filepath.Join(c.dir, "egress.yaml")
	testutil.Check(t, os.WriteFile(file, []byte(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection: {proxyProtocol: HTTPConnect, transport: {uds: {udsName: `+listener.Addr().String()+`}}}
`), 0o600))
	return file
}

func (c *cluster) tunnel(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil || r.Method != http.MethodConnect || host != podIP {
		http.Error(w, "no way to "+r.Host, http.StatusForbidden)
		return
	}
	backend, err := net.Dial("tcp", net.JoinHostPort(c.kubelet.Host, port))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer backend.Close()
	w.WriteHeader(http.StatusOK)
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(backend, buffered); done <- struct{}{} }()
	go func() { _, _ = io.Copy(client, backend); done <- struct{}{} }()
	<-done
}

func (c *cluster) createPod(t *testing.T, name string, containers ...string) {
	t.Helper()
	p := &corev1.Pod{ObjectMeta: named(name), Spec: corev1.PodSpec{NodeName: "n"}}
	for _, container := range containers {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: container, Image: "image"})
	}
	eventually(t, "the pod can be created", func() bool {
		_, err := c.client.CoreV1().Pods("default").Create(t.Context(), p, metav1.CreateOptions{})
		return err == nil
	})
	patch := []byte(`{"status":{"phase":"Running","podIP":"` + podIP + `","podIPs":[{"ip":"` + podIP + `"}]}}`)
	_, err := c.client.CoreV1().Pods("default").Patch(t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	testutil.Check(t, err)
}

// kubectl returns a command of kubectl as the administrator.
func (c *cluster) kubectl(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := kubectl()
	testutil.Check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, append([]string{"--kubeconfig=" + c.KubeconfigFile, "--cache-dir=" + c.dir}, args...)...)
	cmd.Dir, cmd.WaitDelay, cmd.Env = c.dir, time.Second, append(os.Environ(), c.environment...)
	return cmd
}

// say runs kubectl with an input and returns what it prints.
func (c *cluster) say(t *testing.T, input string, args ...string) string {
	t.Helper()
	cmd := c.kubectl(t, args...)
	cmd.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		out.WriteString(err.Error() + "\n")
	}
	return out.String()
}
