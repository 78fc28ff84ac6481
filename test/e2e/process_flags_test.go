package e2e

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestStartFails starts the binary with invalid flags and files. It must print
// one line that names what to change.
func TestStartFails(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	testutil.Check(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	testutil.Check(t, err)
	plain := file(t, "file", "this is no directory")

	for _, tt := range []struct {
		name, text string
		args       []string
	}{
		{"port in use", port, []string{"--secure-port=" + port}},
		{"etcd port in use", port, []string{"--embedded-etcd-listen-client-url=http://127.0.0.1:" + port}},
		{"etcd port on all addresses", "would let everybody on the network read and change everything",
			[]string{"--embedded-etcd-listen-client-url=http://0.0.0.0:" + port}},
		{"etcd port with TLS, without files", "--embedded-etcd-cert-file", []string{"--embedded-etcd-listen-client-url=https://0.0.0.0:" + port}},
		{"etcd port with bad files", "--embedded-etcd-cert-file", []string{"--embedded-etcd-listen-client-url=https://0.0.0.0:" + port,
			"--embedded-etcd-cert-file=" + plain, "--embedded-etcd-key-file=" + plain, "--embedded-etcd-trusted-ca-file=" + plain}},
		{"data directory not writable", "--data-dir", []string{"--data-dir=" + plain}},
		{"data directory below a file", "--data-dir", []string{"--data-dir=" + plain + "/below"}},
		{"data directory empty", "--data-dir must not be empty", []string{"--data-dir="}},
		{"unknown flag", "unknown flag: --nonsense", []string{"--nonsense"}},
		{"argument", `unknown command "serve"`, []string{"serve"}},
		{"bad number", "--secure-port", []string{"--secure-port=many"}},
		{"port out of range", "--secure-port", []string{"--secure-port=70000"}},
		{"bad duration", "--event-ttl", []string{"--event-ttl=soon"}},
		{"no event TTL", "--event-ttl", []string{"--event-ttl=0s"}},
		{"unknown group", "--runtime-config", []string{"--runtime-config=nonsense/v1=true"}},
		{"unknown version of a group", "group version apps/v9 that has not been registered", []string{"--runtime-config=apps/v9=true"}},
		{"core API off", "the server cannot run without v1", []string{"--runtime-config=v1=false"}},
		{"everything off", "conflicts with --enable-priority-and-fairness=true", []string{"--runtime-config=api/all=false,v1=true"}},
		{"a resource off that a plugin reads", "which the admission plugin LimitRanger reads", []string{"--runtime-config=v1/limitranges=false"}},
		{"version of another release", "must match major/minor/patch", []string{"--version=v1.35.0"}},
		{"version that is none", "--version", []string{"--version=custom"}},
		{"unknown feature gate", "--feature-gates", []string{"--feature-gates=Nonsense=true"}},
		{"emulated version", "--emulated-version", []string{"--emulated-version=1.2"}},
		{"unknown admission plugin", `enable-admission-plugins plugin "Nonsense" is unknown`, []string{"--enable-admission-plugins=Nonsense"}},
		{"no such token file", "/no/such/tokens", []string{"--token-auth-file=/no/such/tokens"}},
		{"bad token file", plain, []string{"--token-auth-file=" + plain}},
		{"no such client CA", "/no/such/ca", []string{"--client-ca-file=/no/such/ca"}},
		{"bad client CA", plain, []string{"--client-ca-file=" + plain}},
		{"bad certificate", "--tls-cert-file", []string{"--tls-cert-file=" + plain, "--tls-private-key-file=" + plain}},
		{"no such audit policy", "/no/such/policy", []string{"--audit-policy-file=/no/such/policy", "--audit-log-path=-"}},
		{"bad audit policy", plain, []string{"--audit-policy-file=" + plain, "--audit-log-path=-"}},
		{"audit policy without rules", "rules",
			[]string{"--audit-policy-file=" + file(t, "policy.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\n"), "--audit-log-path=-"}},
		{"audit policy of an unknown level", "level",
			[]string{"--audit-policy-file=" + file(t, "policy.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Everything}]\n"),
				"--audit-log-path=-"}},
		{"peers without their gate", "--peer-ca-file requires UnknownVersionInteroperabilityProxy feature to be turned on",
			[]string{"--peer-ca-file=/no/such/ca", "--feature-gates=UnknownVersionInteroperabilityProxy=false"}},
		{"no such CA of peers", "failed to create proxy transport: open /no/such/ca: no such file or directory", []string{"--peer-ca-file=/no/such/ca"}},
		{"logging option without its gate", "options.text.splitStream: Forbidden: Feature LoggingAlphaOptions is disabled", []string{"--log-text-split-stream"}},
		{"hidden metrics of an old version", "must be omitted or have the value '1.36'", []string{"--show-hidden-metrics-for-version=1.20"}},
		{"times of leader election", "renewDeadline must be greater than retryPeriod*JitterFactor", []string{"--coordinated-leadership-retry-period=9s",
			"--feature-gates=CoordinatedLeaderElection=true", "--runtime-config=coordination.k8s.io/v1beta1=true"}},
		{"embedded flag with another etcd", "--etcd-servers", []string{"--etcd-servers=http://127.0.0.1:1", "--embedded-etcd-unsafe-no-fsync"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, free, err := net.SplitHostPort(freeAddress(t))
			testutil.Check(t, err)
			fails(t, tt.text, append([]string{"--secure-port=" + free}, tt.args...)...)
		})
	}
}

// TestDataDirInUse starts a second server on the data directory of a running
// one, which must not be affected.
func TestDataDirInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := serve(t, dir)
	_, port, err := net.SplitHostPort(freeAddress(t))
	testutil.Check(t, err)
	fails(t, "in use by another server", "--data-dir="+dir, "--secure-port="+port)
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("the first server's exit code is %d", code)
	}
}

// TestDamagedFiles damages each file of a stopped server and starts it again.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := serve(t, dir)
	p.signal(syscall.SIGTERM)
	p.exit()
	files, err := filepath.Glob(filepath.Join(dir, "pki", "*"))
	testutil.Check(t, err)
	if len(files) < 6 {
		t.Fatalf("the server has kept %v", files)
	}
	for _, name := range append(files, filepath.Join(dir, "etcd", "member", "snap", "db")) {
		good, err := os.ReadFile(name)
		testutil.Check(t, err)
		testutil.Check(t, os.WriteFile(name, []byte("damaged"), 0o600))
		_, port, err := net.SplitHostPort(freeAddress(t))
		testutil.Check(t, err)
		fails(t, filepath.Base(name), "--data-dir="+dir, "--secure-port="+port)
		testutil.Check(t, os.WriteFile(name, good, 0o600))
	}
	serve(t, dir) // with the original files the server starts
}

// TestCoreAPINames turns resources on and off by all names of the core group, and
// sets the version that the server reports.
func TestCoreAPINames(t *testing.T) {
	t.Parallel()
	_, admin := serve(t, t.TempDir(), "--version=v1.37.2-custom",
		"--runtime-config=api/v1=true,v1/podtemplates=false,api/legacy=true,extensions/v1beta1=true,apps/v1/deployments=false")
	for path, want := range map[string]int{
		"/api/v1/configmaps": 200, "/api/v1/podtemplates": 404, "/apis/apps/v1/deployments": 404, "/apis/apps/v1/replicasets": 200, "/apis/extensions/v1beta1": 404,
	} {
		if r := send(t, admin, request{path: path}); r.code != want {
			t.Errorf("%s answers %d, not %d", path, r.code, want)
		}
	}
	if r := send(t, admin, request{path: "/version"}); !strings.Contains(string(r.body), `"gitVersion": "v1.37.2-custom"`) {
		t.Errorf("/version answers %s", r.body)
	}
}

// TestServersOfOneWorkingDirectory starts two servers as envtest starts
// kube-apiserver: each with a --cert-dir, and in the same working directory.
func TestServersOfOneWorkingDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		_, port, err := net.SplitHostPort(freeAddress(t))
		testutil.Check(t, err)
		certs := t.TempDir()
		p := launchIn(t, dir, "--cert-dir="+certs, "--secure-port="+port)
		_, admin := ready(t, p)
		if r := send(t, admin, request{path: "/api/v1/namespaces"}); r.code != 200 {
			t.Errorf("the server of %s answers %d", certs, r.code)
		}
		if _, err := os.Stat(filepath.Join(certs, ".gatehouse", "etcd")); err != nil {
			t.Error(err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the working directory has %v, %v", entries, err)
	}
}

// TestNoDataDirectory starts a server whose etcd, certificates and keys are all
// named by flags, as envtest does. It writes nothing.
func TestNoDataDirectory(t *testing.T) {
	t.Parallel()
	etcd := "http://" + freeAddress(t)
	testserver.Start(t, testserver.Options{Flags: []string{"--embedded-etcd-listen-client-url=" + etcd}})
	dir, given := t.TempDir(), filepath.Join(t.TempDir(), "pki")
	keys, err := pki.Ensure(given, pki.Request{Hosts: []string{"127.0.0.1"}, Now: time.Now()})
	testutil.Check(t, err)
	before, err := os.ReadDir(given)
	testutil.Check(t, err)
	_, port, err := net.SplitHostPort(freeAddress(t))
	testutil.Check(t, err)
	p := launchIn(t, dir, "--cert-dir="+given, "--secure-port="+port, "--etcd-servers="+etcd, "--client-ca-file="+keys.CA.CertFile,
		"--service-account-key-file="+keys.Serving.CertFile, "--service-account-signing-key-file="+keys.Serving.KeyFile,
		"--service-account-issuer=https://127.0.0.1:1/")
	config := &restclient.Config{Host: "https://127.0.0.1:" + port, QPS: -1, TLSClientConfig: restclient.TLSClientConfig{
		CAFile: keys.CA.CertFile, CertFile: keys.Admin.CertFile, KeyFile: keys.Admin.KeyFile}}
	client := kubernetes.NewForConfigOrDie(config)
	eventually(t, "the server is ready", func() bool {
		return client.RESTClient().Get().AbsPath("/readyz").Do(t.Context()).Error() == nil
	})
	info, err := client.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "extension-apiserver-authentication", metav1.GetOptions{})
	testutil.Check(t, err)
	if !strings.Contains(info.Data["client-ca-file"], "CERTIFICATE") {
		t.Errorf("extension-apiserver-authentication has %v", info.Data)
	}
	_, err = client.CoreV1().ServiceAccounts("default").CreateToken(t.Context(), "none", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("a token for an account that does not exist: %v", err)
	}
	if !strings.HasSuffix(strings.TrimSpace(p.stdout.String()), "s") || strings.Contains(p.stdout.String(), "KUBECONFIG") {
		t.Errorf("the ready line is %q", p.stdout.String())
	}
	p.signal(os.Interrupt)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.stderr.String())
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the working directory has %v, %v", entries, err)
	}
	if after, err := os.ReadDir(given); err != nil || len(after) != len(before) {
		t.Errorf("--cert-dir has %v, %v", after, err)
	}
}

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	p := launch(t, "--version")
	if code := p.exit(); code != 0 {
		t.Errorf("--version: exit code %d", code)
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(p.stdout.String()), "Kubernetes ")
	v, err := version.ParseSemantic(text)
	if !ok || err != nil || v.Major() != 1 || v.Minor() != 37 || !strings.HasPrefix(v.BuildMetadata(), "gatehouse") {
		t.Errorf("--version prints %q: %v", p.stdout.String(), err)
	}

	p = launch(t, "--version=v1.37.2-custom", "--version=raw")
	if code := p.exit(); code != 0 || !strings.Contains(p.stdout.String(), `GitVersion:"v1.37.2-custom"`) {
		t.Errorf("--version=raw: exit code %d, prints %q", code, p.stdout.String())
	}

	p = launch(t, "--help")
	if code := p.exit(); code != 0 || p.stderr.String() != "" {
		t.Errorf("--help: exit code %d, stderr %s", code, p.stderr.String())
	}
	sections := regexp.MustCompile(`(?m)^(\S.*) flags:$`).FindAllString(p.stdout.String(), -1)
	if len(sections) < 10 || sections[0] != "Gatehouse flags:" || !strings.Contains(p.stdout.String(), "--etcd-servers strings") {
		t.Errorf("--help has the sections %q", sections)
	}
	if entries, err := os.ReadDir(p.cmd.Dir); err != nil || len(entries) > 0 {
		t.Errorf("--help has written %v, %v", entries, err)
	}
}
