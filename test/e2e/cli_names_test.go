package e2e

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// TestAssets makes the links anew over those of an earlier call, and refuses to
// replace what somebody else has put there.
func TestAssets(t *testing.T) {
	t.Parallel()
	program, err := gatehouse()
	testutil.Check(t, err)
	dir := assets(t)
	for _, name := range []string{"kube-apiserver", "etcd", "kubectl"} {
		if target, err := os.Readlink(filepath.Join(dir, name)); err != nil || target != program {
			t.Errorf("%s leads to %q, %v", name, target, err)
		}
	}

	testutil.Check(t, os.Remove(filepath.Join(dir, "etcd")))
	testutil.Check(t, os.Symlink("/gone/gatehouse", filepath.Join(dir, "etcd")))
	succeeds(t, launch(t, "assets", dir))
	if target, err := os.Readlink(filepath.Join(dir, "etcd")); err != nil || target != program {
		t.Errorf("a link of an earlier version leads to %q, %v", target, err)
	}

	testutil.Check(t, os.Remove(filepath.Join(dir, "kubectl")))
	testutil.Check(t, os.WriteFile(filepath.Join(dir, "kubectl"), []byte("#!/bin/sh\n"), 0o700))
	fails(t, "kubectl exists and is not a link to this program", "assets", dir)
	if left, err := os.ReadFile(filepath.Join(dir, "kubectl")); err != nil || string(left) != "#!/bin/sh\n" {
		t.Errorf("the foreign file is %q, %v", left, err)
	}
}

// TestNames asks each name for what tools ask before they start it.
func TestNames(t *testing.T) {
	t.Parallel()
	dir := assets(t)
	for _, test := range []struct {
		name, program string
		args          []string
		code          int
		output, not   string
	}{
		{"version of kube-apiserver", "kube-apiserver", []string{"--version"}, 0, "Kubernetes v1.37.", ""},
		// envtest asks whether there is still --insecure-port.
		{"help of kube-apiserver", "kube-apiserver", []string{"--help"}, 0, "Usage:\n  kube-apiserver [flags]\n", "--insecure-port"},
		{"no subcommands", "kube-apiserver", []string{"version"}, 1, `Error: "kube-apiserver" does not take any arguments, got ["version"]`, ""},
		{"no etcd", "kube-apiserver", nil, 1, `] "command failed" err="[--etcd-servers must be specified, service-account-issuer is a required flag, `, ""},
		{"unknown flag", "kube-apiserver", []string{"--nonsense"}, 1, "Error: unknown flag: --nonsense", ""},
		{"no controllers", "kube-apiserver", []string{"--help"}, 0, "--controllers strings", "(default [serviceaccount-controller"},
		{"version of etcd", "etcd", []string{"--version"}, 0, "etcd Version: 3.7.", ""},
		{"help of etcd", "etcd", []string{"--help"}, 0, "--listen-client-urls", ""},
		{"version of kubectl", "kubectl", []string{"version", "--client"}, 0, "Client Version: v1.37.", ""},
		{"help of kubectl", "kubectl", []string{"--help"}, 0, "kubectl controls the Kubernetes cluster manager.", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := launchNamed(t, dir, test.program, test.args...)
			code := p.exit()
			output := p.stdout.String() + p.stderr.String()
			if code != test.code || !strings.Contains(output, test.output) || test.not != "" && strings.Contains(output, test.not) {
				t.Errorf("exit code %d, want %d with %q:\n%s", code, test.code, test.output, output)
			}
		})
	}
}

// TestControlPlane starts etcd and kube-apiserver in envtest's way, and uses
// them with kubectl.
func TestControlPlane(t *testing.T) {
	t.Parallel()
	dir, data, certs := assets(t), t.TempDir(), t.TempDir()
	etcdURL := "http://" + freeAddress(t)
	etcd := launchNamed(t, dir, "etcd", "--advertise-client-urls="+etcdURL, "--data-dir="+data, "--listen-client-urls="+etcdURL,
		"--listen-peer-urls=http://localhost:0", "--unsafe-no-fsync=true")
	eventually(t, "etcd is healthy", func() bool {
		r, err := http.Get(etcdURL + "/health")
		if err == nil {
			r.Body.Close()
		}
		return err == nil && r.StatusCode == http.StatusOK
	})

	keys, err := pki.Ensure(filepath.Join(certs, "made"), pki.Request{Hosts: []string{"127.0.0.1", "localhost"}, Now: time.Now()})
	testutil.Check(t, err)
	for from, to := range map[string]string{keys.Serving.CertFile: "apiserver.crt", keys.Serving.KeyFile: "apiserver.key"} {
		testutil.Check(t, os.Link(from, filepath.Join(certs, to)))
	}
	port := freePort(t)
	apiserver := launchNamed(t, dir, "kube-apiserver", "--allow-privileged=true", "--authorization-mode=RBAC", "--bind-address=127.0.0.1", "--cert-dir="+certs,
		"--client-ca-file="+keys.CA.CertFile, "--disable-admission-plugins=ServiceAccount", "--etcd-servers="+etcdURL, "--secure-port="+port,
		"--service-account-issuer=https://127.0.0.1:"+port+"/", "--service-account-key-file="+keys.Serving.CertFile, // a certificate, as envtest's
		"--service-account-signing-key-file="+keys.Serving.KeyFile, "--service-cluster-ip-range=10.0.0.0/24")
	ca, err := os.ReadFile(keys.CA.CertFile)
	testutil.Check(t, err)
	config := &restclient.Config{Host: "https://127.0.0.1:" + port, TLSClientConfig: restclient.TLSClientConfig{CAData: ca}}
	anonymous := kubernetes.NewForConfigOrDie(config)
	eventually(t, "kube-apiserver is healthy", func() bool {
		return anonymous.RESTClient().Get().AbsPath("/healthz").Do(t.Context()).Error() == nil
	})

	config.CertData, config.KeyData, err = keys.IssueClient(time.Now(), time.Hour, "jane", "system:masters")
	testutil.Check(t, err)
	client := kubernetes.NewForConfigOrDie(config)
	_, err = client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: named("made")}, metav1.CreateOptions{})
	testutil.Check(t, err)
	// No controllers: nobody makes an account in it.
	accounts, err := client.CoreV1().ServiceAccounts("made").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(accounts.Items) != 0 {
		t.Errorf("%d service accounts, %v", len(accounts.Items), err)
	}
	token := filepath.Join(certs, "ca.crt")
	testutil.Check(t, os.WriteFile(token, ca, 0o600))
	cert, key := filepath.Join(certs, "jane.crt"), filepath.Join(certs, "jane.key")
	testutil.Check(t, os.WriteFile(cert, config.CertData, 0o600))
	testutil.Check(t, os.WriteFile(key, config.KeyData, 0o600))
	got := succeeds(t, launchNamed(t, dir, "kubectl", "--server="+config.Host, "--certificate-authority="+token, "--client-certificate="+cert, "--client-key="+key,
		"get", "namespace", "made", "-o", "name"))
	if got != "namespace/made\n" {
		t.Errorf("kubectl printed %q", got)
	}

	storage, err := clientv3.New(clientv3.Config{Endpoints: []string{etcdURL}})
	testutil.Check(t, err)
	defer storage.Close()
	stored, err := storage.Get(context.Background(), "/registry/namespaces/made")
	if err != nil || stored.Count != 1 {
		t.Errorf("etcd has %v, %v", stored, err)
	}

	apiserver.signal(syscall.SIGTERM)
	if code := apiserver.exit(); code != 0 {
		t.Errorf("kube-apiserver: exit code %d\n%s", code, apiserver.stderr.String())
	}
	etcd.signal(syscall.SIGTERM)
	etcd.exit()
}
