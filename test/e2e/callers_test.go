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
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// stored returns what etcd has under a key.
func stored(t testing.TB, etcdURL, key string) string {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{etcdURL}})
	testutil.Check(t, err)
	defer client.Close()
	r, err := client.Get(t.Context(), key)
	testutil.Check(t, err)
	if r.Count != 1 {
		t.Fatalf("etcd has %d values at %s", r.Count, key)
	}
	return string(r.Kvs[0].Value)
}

// TestBareKubeAPIServer starts kube-apiserver with hardly more than the flags that it
// needs. It has kube-apiserver's defaults then.
func TestBareKubeAPIServer(t *testing.T) {
	t.Parallel()
	dir := assets(t)
	c, port := newCertificateDir(t), freePort(t)
	c.accountKey("sa")
	c.authority("ca", "somebody")
	c.user("user", "ca", "jane", "system:masters")
	p := launchNamed(t, dir, "kube-apiserver", "--etcd-servers="+launchPlainEtcd(t, dir), "--secure-port="+port, "--cert-dir="+c.path("made"),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+c.path("sa.pub"),
		"--service-account-signing-key-file="+c.path("sa.key"), "--token-auth-file="+file(t, "tokens.csv", "secret,jane,1\n"),
		"--disable-admission-plugins=ServiceAccount")
	anonymous := &restclient.Config{Host: "https://127.0.0.1:" + port, QPS: -1, TLSClientConfig: restclient.TLSClientConfig{Insecure: true}}
	jane := restclient.CopyConfig(anonymous)
	jane.BearerToken = "secret"
	await(t, p, jane, "/readyz")
	certified := restclient.CopyConfig(anonymous)
	certified.CertFile, certified.KeyFile = c.pair("user").CertFile, c.pair("user").KeyFile
	const privileged = `{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","securityContext":{"privileged":true}}]}}`
	for _, test := range []struct {
		name   string
		config *restclient.Config
		request
		code int
	}{
		{"AlwaysAllow", jane, request{path: "/api/v1/secrets"}, http.StatusOK},
		{"nobody without credentials", anonymous, request{path: "/healthz"}, http.StatusUnauthorized},
		{"no client certificates", certified, request{path: "/api"}, http.StatusUnauthorized},
		{"no information for aggregated servers", jane,
			request{path: "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"}, http.StatusNotFound},
		{"no controllers", jane, request{path: "/api/v1/namespaces/default/serviceaccounts/default"}, http.StatusNotFound},
		{"profiling", jane, request{path: "/debug/pprof/"}, http.StatusOK},
		{"privileged containers", jane, request{http.MethodPost, "/api/v1/namespaces/default/pods", []byte(privileged), nil}, http.StatusUnprocessableEntity},
	} {
		t.Run(test.name, func(t *testing.T) {
			if r := send(t, test.config, test.request); r.code != test.code {
				t.Errorf("got %d, want %d: %s", r.code, test.code, r.body)
			}
		})
	}
	if flags := send(t, jane, request{path: "/flagz"}); !regexp.MustCompile(`(?m)^anonymous-auth\W+false$`).Match(flags.body) {
		t.Errorf("the flags in force: %d, %s", flags.code, flags.body)
	}
	// Nothing is kept, and an open watch does not keep the server from stopping.
	watch, err := kubernetes.NewForConfigOrDie(jane).CoreV1().Namespaces().Watch(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	stops(t, p)
	watch.Stop()
	if entries, err := os.ReadDir(p.cmd.Dir); err != nil || len(entries) > 0 {
		t.Errorf("the working directory has %v, %v", entries, err)
	}
	made, err := filepath.Glob(c.path("made/*"))
	if testutil.Check(t, err); !slices.Equal(made, []string{c.path("made/apiserver.crt"), c.path("made/apiserver.key")}) {
		t.Errorf("--cert-dir has %v", made)
	}
}

// TestKwokctl starts kube-apiserver as kwokctl's runtime "binary" does.
func TestKwokctl(t *testing.T) {
	t.Parallel()
	dir := assets(t)
	printed := succeeds(t, launchNamed(t, dir, "kube-apiserver", "--version"))
	if !regexp.MustCompile(`^Kubernetes v\d+\.\d+\.\d+`).MatchString(printed) {
		t.Errorf("--version prints %q", printed)
	}
	c, etcdURL, port := newCertificateDir(t), launchPlainEtcd(t, dir), freePort(t)
	c.authority("ca", "kwok-ca")
	c.server("admin", "ca", "kwok-admin", "localhost", "127.0.0.1", "kubernetes", "kubernetes.default.svc")
	c.user("user", "ca", "kwok-admin", "system:masters")
	policy := file(t, "audit.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n")
	tracing := file(t, "tracing.yaml", "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: 127.0.0.1:1\n")
	auditLog := c.path("audit.log")
	testutil.Check(t, os.WriteFile(auditLog, nil, 0o600))
	p := launchNamed(t, dir, "kube-apiserver", "--etcd-prefix=/registry", "--allow-privileged=true", "--etcd-servers="+etcdURL,
		"--endpoint-reconciler-type=none", "--admission-control=", "--runtime-config=api/legacy=false,api/alpha=false", "--feature-gates=",
		"--max-requests-inflight=0", "--max-mutating-requests-inflight=0", "--enable-priority-and-fairness=false",
		"--authorization-mode=Node,RBAC", "--bind-address=0.0.0.0", "--secure-port="+port, "--tls-cert-file="+c.pair("admin").CertFile,
		"--tls-private-key-file="+c.pair("admin").KeyFile, "--client-ca-file="+c.pair("ca").CertFile, "--service-account-key-file="+c.pair("admin").KeyFile,
		"--service-account-signing-key-file="+c.pair("admin").KeyFile, "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--proxy-client-key-file="+c.pair("user").KeyFile, "--proxy-client-cert-file="+c.pair("user").CertFile,
		"--requestheader-client-ca-file="+c.pair("ca").CertFile, "--requestheader-allowed-names=nobody", "--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--audit-policy-file="+policy, "--audit-log-path="+auditLog, "--tracing-config-file="+tracing, "--v=2")
	config := c.config("127.0.0.1:"+port, "ca", "user")
	if version := await(t, p, config, "/version"); !strings.Contains(version, `"gitVersion": "v1.`) {
		t.Errorf("/version answers %s", version)
	}
	if body := await(t, p, config, "/healthz"); body != "ok" {
		t.Errorf("/healthz answers %q", body)
	}
	if body := await(t, p, config, "/metrics"); !strings.Contains(body, "\napiserver_request_total{") {
		t.Errorf("/metrics has %d bytes", len(body))
	}
	client := kubernetes.NewForConfigOrDie(config)
	// Without admission nobody asks for the pod's account.
	_, err := client.CoreV1().Pods("default").Create(t.Context(), pod("p"), metav1.CreateOptions{})
	testutil.Check(t, err)
	stored(t, etcdURL, "/registry/pods/default/p") // as etcdctl snapshots it
	if _, err := client.DiscoveryV1().EndpointSlices("default").Get(t.Context(), "kubernetes", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("endpoints although nobody reconciles them: %v", err)
	}
	if log, err := os.ReadFile(auditLog); err != nil || !strings.Contains(string(log), `"requestURI":"/api/v1/namespaces/default/pods"`) {
		t.Errorf("the audit log has %s, %v", log, err)
	}
	stops(t, p)
}

// TestTestCmd starts kube-apiserver as Kubernetes' own test of its command line
// does: with a token file, with certificates that the server makes itself, and with
// flags whose values are empty because the environment has none.
func TestTestCmd(t *testing.T) {
	t.Parallel()
	dir := assets(t)
	c, etcdURL, port := newCertificateDir(t), launchPlainEtcd(t, dir), freePort(t)
	c.accountKey("sa")
	certs := c.path("made")
	p := launchNamed(t, dir, "kube-apiserver", "--bind-address=127.0.0.1", "--authorization-mode=Node,RBAC", "--secure-port="+port,
		"--disable-admission-plugins=ServiceAccount", "--etcd-servers="+etcdURL, "--runtime-config=", "--feature-gates=", "--storage-media-type=",
		"--cert-dir="+certs, "--service-cluster-ip-range=10.0.0.0/24", "--client-ca-file=", "--vmodule=", "--external-hostname=", "--tls-cipher-suites=",
		"--token-auth-file="+file(t, "tokens.csv", "admin-token,admin,admin,system:masters\n"), "--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+c.path("sa.key"), "--service-account-signing-key-file="+c.path("sa.key"))
	config := &restclient.Config{Host: "https://127.0.0.1:" + port, BearerToken: "admin-token", TLSClientConfig: restclient.TLSClientConfig{Insecure: true}}
	if body := await(t, p, config, "/healthz"); body != "ok" {
		t.Errorf("/healthz answers %q", body)
	}
	verified := *config
	verified.TLSClientConfig = restclient.TLSClientConfig{CAFile: certs + "/apiserver.crt"}
	await(t, p, &verified, "/readyz")
	client := kubernetes.NewForConfigOrDie(&verified)
	_, err := client.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: named("127.0.0.1")}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = client.CoreV1().Pods("default").Create(t.Context(), pod("p"), metav1.CreateOptions{})
	testutil.Check(t, err)
	if value := stored(t, etcdURL, "/registry/minions/127.0.0.1"); !strings.HasPrefix(value, `{"kind":"Node","apiVersion":"v1",`) {
		t.Errorf("with an empty --storage-media-type etcd has %q", value)
	}
	stops(t, p)
}

// TestK3s starts kube-apiserver with the flags of k3s: nobody may ask without
// credentials, secrets are encrypted, and etcd is at the other end of a socket.
func TestK3s(t *testing.T) {
	t.Parallel()
	dir := assets(t)
	c, port := newCertificateDir(t), freePort(t)
	etcdURL := launchPlainEtcd(t, dir)
	c.authority("server-ca", "k3s-server-ca")
	c.authority("client-ca", "k3s-client-ca")
	c.authority("request-header-ca", "k3s-request-header-ca")
	c.server("serving-kube-apiserver", "server-ca", "kube-apiserver", "kubernetes", "localhost", "127.0.0.1", "10.43.0.1")
	c.user("client-auth-proxy", "request-header-ca", "system:auth-proxy")
	c.user("client-admin", "client-ca", "system:admin", "system:masters")
	c.user("client-kube-apiserver", "client-ca", "system:apiserver", "system:masters")
	c.accountKey("service")
	encryption := file(t, "encryption.json", `{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{"resources":["secrets"],`+
		`"providers":[{"aescbc":{"keys":[{"name":"k","secret":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}]}},{"identity":{}}]}]}`)
	egress := file(t, "egress.yaml", "apiVersion: apiserver.k8s.io/v1beta1\nkind: EgressSelectorConfiguration\n"+
		"egressSelections: [{name: controlplane, connection: {proxyProtocol: Direct}}]\n")
	p := launchNamed(t, dir, "kube-apiserver", "--advertise-address=192.0.2.10", "--allow-privileged=true", "--anonymous-auth=false",
		"--api-audiences=https://kubernetes.default.svc.cluster.local,k3s", "--authorization-mode=Node,RBAC", "--bind-address=127.0.0.1",
		"--cert-dir="+c.path("temporary-certs"), "--client-ca-file="+c.pair("client-ca").CertFile, "--egress-selector-config-file="+egress,
		"--enable-admission-plugins=NodeRestriction", "--enable-aggregator-routing=true", "--enable-bootstrap-token-auth=true",
		"--kubelet-certificate-authority="+c.pair("server-ca").CertFile, "--kubelet-client-certificate="+c.pair("client-kube-apiserver").CertFile,
		"--kubelet-client-key="+c.pair("client-kube-apiserver").KeyFile, "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
		"--encryption-provider-config="+encryption, "--encryption-provider-config-automatic-reload=true",
		"--etcd-servers="+throughSocket(t, c.path("kine.sock"), etcdURL),
		"--profiling=false", "--proxy-client-cert-file="+c.pair("client-auth-proxy").CertFile,
		"--proxy-client-key-file="+c.pair("client-auth-proxy").KeyFile, "--requestheader-allowed-names=system:auth-proxy",
		"--requestheader-client-ca-file="+c.pair("request-header-ca").CertFile, "--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User", "--secure-port="+port,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local", "--service-account-key-file="+c.path("service.key"),
		"--service-account-signing-key-file="+c.path("service.key"), "--service-cluster-ip-range=10.43.0.0/16", "--service-node-port-range=30000-32767",
		"--storage-backend=etcd3", "--tls-cert-file="+c.pair("serving-kube-apiserver").CertFile,
		"--tls-cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
		"--tls-private-key-file="+c.pair("serving-kube-apiserver").KeyFile)
	host := "127.0.0.1:" + port
	config := c.config(host, "server-ca", "client-admin")
	await(t, p, config, "/readyz")
	if r := send(t, c.config(host, "server-ca", ""), request{path: "/readyz"}); r.code != http.StatusUnauthorized {
		t.Errorf("without credentials: %d %s", r.code, r.body)
	}
	if r := send(t, config, request{path: "/debug/pprof/"}); r.code != http.StatusNotFound {
		t.Errorf("with --profiling=false: %d", r.code)
	}
	client := kubernetes.NewForConfigOrDie(config)
	secret := &corev1.Secret{ObjectMeta: named("s"), StringData: map[string]string{"a": "plain"}}
	_, err := client.CoreV1().Secrets("default").Create(t.Context(), secret, metav1.CreateOptions{})
	testutil.Check(t, err)
	if value := stored(t, etcdURL, "/registry/secrets/default/s"); !strings.HasPrefix(value, "k8s:enc:aescbc:v1:k:") || strings.Contains(value, "plain") {
		t.Errorf("the secret is stored as %q", value)
	}
	eventually(t, "the kubernetes service leads to the advertised address", func() bool {
		slice, err := client.DiscoveryV1().EndpointSlices("default").Get(t.Context(), "kubernetes", metav1.GetOptions{})
		return err == nil && len(slice.Endpoints) == 1 && slice.Endpoints[0].Addresses[0] == "192.0.2.10"
	})
	stops(t, p)
}

// throughSocket lets a server be reached at a Unix socket, and returns its URL.
func throughSocket(t testing.TB, socket, url string) string {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	testutil.Check(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
			if err != nil {
				from.Close()
				continue
			}
			for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
				go func() {
					_, _ = io.Copy(pair[0], pair[1]) // an error ends the connection, as its end does
					pair[0].Close()
				}()
			}
		}
	}()
	return "unix://" + socket
}
