package e2e

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

// TestKubeadm starts etcd and kube-apiserver with the certificates and the flags of
// kubeadm's static pods, and does what kubeadm init does with them then.
func TestKubeadm(t *testing.T) {
	t.Parallel()
	c := newKubeadmCluster(t)
	t.Run("probes", func(t *testing.T) {
		for _, path := range []string{"/livez", "/readyz", "/healthz"} {
			if body := await(t, c.apiserver, c.as(""), path); body != "ok" {
				t.Errorf("%s answers %q", path, body)
			}
		}
	})
	t.Run("administrators", c.testAdmins)
	t.Run("kubernetes service", c.testKubernetesService)
	t.Run("cluster-info", c.testClusterInfo)
	t.Run("bootstrap token", c.testToken)
	t.Run("service accounts", c.testServiceAccounts)
	t.Run("front proxy", c.testFrontProxy)
	t.Run("strangers", c.testStrangers)
	t.Run("privileged containers", func(t *testing.T) {
		pod := pod("privileged")
		pod.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{Privileged: new(true)}
		pod.Spec.AutomountServiceAccountToken = new(false)
		pod.Spec.ServiceAccountName = "builder"
		_, err := c.client("admin").CoreV1().Pods(metav1.NamespaceSystem).Create(t.Context(), pod, metav1.CreateOptions{})
		testutil.Check(t, err)
	})
	t.Run("connection to a kubelet", c.testKubelet)
	t.Run("restart", c.testRestart)
}

// testAdmins lets the administrators get their rights from kubeadm's binding.
func (c *kubeadmCluster) testAdmins(t *testing.T) {
	admin := c.client("admin")
	if _, err := admin.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("without a binding: %v", err)
	}
	c.bindAdmins()
	eventually(t, "the administrators have their rights", func() bool {
		_, err := admin.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		return err == nil
	})
	letNodesJoin(t, admin)
}

// testKubernetesService asks where pods find the server.
func (c *kubeadmCluster) testKubernetesService(t *testing.T) {
	admin := c.client("admin")
	eventually(t, "the kubernetes service leads to the server", func() bool {
		service, err := admin.CoreV1().Services("default").Get(t.Context(), "kubernetes", metav1.GetOptions{})
		if err != nil || service.Spec.ClusterIP != "10.96.0.1" || service.Spec.Ports[0].Port != 443 {
			return false
		}
		slice, err := admin.DiscoveryV1().EndpointSlices("default").Get(t.Context(), "kubernetes", metav1.GetOptions{})
		return err == nil && len(slice.Endpoints) == 1 && slices.Equal(slice.Endpoints[0].Addresses, []string{c.address}) &&
			len(slice.Ports) == 1 && strconv.Itoa(int(*slice.Ports[0].Port)) == c.port
	})
}

// testClusterInfo reads, without credentials, what kubeadm join reads first.
func (c *kubeadmCluster) testClusterInfo(t *testing.T) {
	admin := c.client("admin")
	_, err := admin.CoreV1().ConfigMaps(metav1.NamespacePublic).Create(t.Context(), configMap("cluster-info", "kubeconfig", "{}"), metav1.CreateOptions{})
	testutil.Check(t, err)
	const name = "kubeadm:bootstrap-signer-clusterinfo"
	_, err = admin.RbacV1().Roles(metav1.NamespacePublic).Create(t.Context(), &rbacv1.Role{ObjectMeta: named(name), Rules: []rbacv1.PolicyRule{
		{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"cluster-info"}}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = admin.RbacV1().RoleBindings(metav1.NamespacePublic).Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: named(name),
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "system:anonymous"}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	anonymous := c.client("").CoreV1().ConfigMaps(metav1.NamespacePublic)
	eventually(t, "cluster-info can be read", func() bool {
		info, err := anonymous.Get(t.Context(), "cluster-info", metav1.GetOptions{})
		return err == nil && info.Data["kubeconfig"] == "{}"
	})
	if _, err := anonymous.Get(t.Context(), "kube-root-ca.crt", metav1.GetOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("another config map: %v", err)
	}
}

// testToken uses the token with which nodes join.
func (c *kubeadmCluster) testToken(t *testing.T) {
	token := createToken(t, c.client("admin"), "abcdef", "0123456789abcdef", nodeTokenGroup)
	var user authenticationv1.UserInfo
	eventually(t, "the token is accepted", func() (ok bool) {
		var err error
		user, err = whoami(t, c.withToken(token))
		return err == nil
	})
	if user.Username != "system:bootstrap:abcdef" || !slices.Contains(user.Groups, nodeTokenGroup) || !slices.Contains(user.Groups, "system:bootstrappers") {
		t.Errorf("the token is that of %v", user)
	}
	if _, err := kubernetes.NewForConfigOrDie(c.withToken(token)).CoreV1().Secrets("").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("secrets with the token: %v", err)
	}
	if _, err := whoami(t, c.withToken("abcdef.0123456789abcdee")); !apierrors.IsUnauthorized(err) {
		t.Errorf("with another secret: %v", err)
	}
}

// testServiceAccounts issues a token with kubeadm's key.
func (c *kubeadmCluster) testServiceAccounts(t *testing.T) {
	accounts := c.client("admin").CoreV1().ServiceAccounts(metav1.NamespaceSystem)
	_, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: named("builder")}, metav1.CreateOptions{})
	testutil.Check(t, err)
	token, err := accounts.CreateToken(t.Context(), "builder", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	testutil.Check(t, err)
	user, err := whoami(t, c.withToken(token.Status.Token))
	if testutil.Check(t, err); user.Username != "system:serviceaccount:kube-system:builder" {
		t.Errorf("the token is that of %v", user)
	}
	r := send(t, c.as("admin"), request{path: "/.well-known/openid-configuration"})
	if !strings.Contains(string(r.body), `"https://kubernetes.default.svc.cluster.local"`) {
		t.Errorf("the issuer's document: %d %s", r.code, r.body)
	}
}

// testFrontProxy lets the front proxy, and nobody else, name the user.
func (c *kubeadmCluster) testFrontProxy(t *testing.T) {
	as := []string{"X-Remote-User", "jane", "X-Remote-Group", "kubeadm:cluster-admins"}
	nodes := request{path: "/api/v1/nodes", headers: as}
	if r := send(t, c.as("front-proxy-client"), nodes); r.code != http.StatusOK {
		t.Errorf("the front proxy gets %d %s", r.code, r.body)
	}
	if r := send(t, c.as("admin"), nodes); r.code != http.StatusOK { // headers of others are ignored
		t.Errorf("an administrator gets %d %s", r.code, r.body)
	}
	if r := send(t, c.as(""), nodes); r.code != http.StatusForbidden {
		t.Errorf("anybody gets %d %s", r.code, r.body)
	}
	info, err := c.client("admin").CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(t.Context(), "extension-apiserver-authentication", metav1.GetOptions{})
	testutil.Check(t, err)
	for key, file := range map[string]string{"client-ca-file": "ca", "requestheader-client-ca-file": "front-proxy-ca"} {
		if ca, err := os.ReadFile(c.pair(file).CertFile); err != nil || info.Data[key] != string(ca) {
			t.Errorf("%s is %q, %v", key, info.Data[key], err)
		}
	}
}

// testKubelet reads the log of a container. The server asks the kubelet of the node, at
// its internal address and with the certificate that kubeadm made for that.
func (c *kubeadmCluster) testKubelet(t *testing.T) {
	k, err := kubelet.Start(kubelet.Config{Host: c.address})
	testutil.Check(t, err)
	t.Cleanup(k.Close)
	admin := c.client("admin").CoreV1()
	_, err = admin.Nodes().Create(t.Context(), k.Node("worker"), metav1.CreateOptions{})
	testutil.Check(t, err)
	p := pod("logging")
	p.Spec.NodeName, p.Spec.AutomountServiceAccountToken, p.Spec.ServiceAccountName = "worker", new(false), "builder"
	_, err = admin.Pods(metav1.NamespaceSystem).Create(t.Context(), p, metav1.CreateOptions{})
	testutil.Check(t, err)
	log, err := admin.Pods(metav1.NamespaceSystem).GetLogs("logging", &corev1.PodLogOptions{}).DoRaw(t.Context())
	if testutil.Check(t, err); len(log) == 0 {
		t.Error("the log is empty")
	}
	seen := k.Seen()
	if len(seen) != 1 || len(seen[0].TLS.PeerCertificates) == 0 || seen[0].TLS.PeerCertificates[0].Subject.CommonName != "kube-apiserver-kubelet-client" {
		t.Errorf("the kubelet was asked %d times, the first time by %v", len(seen), seen[0].TLS.PeerCertificates)
	}
}

// testStrangers tries certificates of the cluster's other CA at the wrong place.
func (c *kubeadmCluster) testStrangers(t *testing.T) {
	for _, name := range []string{"apiserver-etcd-client", "etcd/server"} {
		if r := send(t, c.as(name), request{path: "/api/v1/nodes"}); r.code != http.StatusUnauthorized {
			t.Errorf("%s gets %d %s", name, r.code, r.body)
		}
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	if r, err := client.Get(c.etcdURL + "/version"); err == nil {
		r.Body.Close()
		t.Errorf("etcd answers %d to a client without a certificate", r.StatusCode)
	}
}

// testRestart stops the server and starts it again, as the kubelet does with a static
// pod. Everything is as before, and there is no file of the server's own.
func (c *kubeadmCluster) testRestart(t *testing.T) {
	accounts := c.client("admin").CoreV1().ServiceAccounts(metav1.NamespaceSystem)
	token, err := accounts.CreateToken(t.Context(), "builder", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	testutil.Check(t, err)
	stops(t, c.apiserver)
	if entries, err := os.ReadDir(c.apiserver.cmd.Dir); err != nil || len(entries) > 0 {
		t.Errorf("the working directory has %v, %v", entries, err)
	}
	if own, err := filepath.Glob(c.path(".gatehouse*")); err != nil || len(own) > 0 {
		t.Errorf("there is %v, %v", own, err)
	}
	c.t = t
	c.launchAPIServer()
	for _, config := range []string{token.Status.Token, "abcdef.0123456789abcdef"} {
		if _, err := whoami(t, c.withToken(config)); err != nil {
			t.Errorf("with a token of before: %v", err)
		}
	}
	c.testKubernetesService(t)
}
