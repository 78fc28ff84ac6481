package e2e

import (
	"net"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// kubeadmCluster is what kubeadm init makes on the node of a control plane.
type kubeadmCluster struct {
	certificateDir
	// address is the advertised address of the node, which is not loopback, and host the
	// same with the port of kube-apiserver.
	address, host, port string
	etcdURL             string
	apiserver           *process
	assets              string
}

// newKubeadmCluster makes the certificates of kubeadm's phases and starts etcd and
// kube-apiserver with the flags of kubeadm's static pods.
func newKubeadmCluster(t testing.TB) *kubeadmCluster {
	ip, err := utilnet.ResolveBindAddress(net.IPv4zero) // kubeadm chooses the address of the default route as well
	testutil.Check(t, err)
	c := &kubeadmCluster{certificateDir: newCertificateDir(t), address: ip.String(), port: freePort(t), assets: assets(t)}
	c.host = net.JoinHostPort(c.address, c.port)
	node, err := os.Hostname()
	testutil.Check(t, err)

	c.authority("ca", "kubernetes")
	c.server("apiserver", "ca", "kube-apiserver", node, "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
		"10.96.0.1", c.address)
	c.user("apiserver-kubelet-client", "ca", "kube-apiserver-kubelet-client", "kubeadm:cluster-admins")
	c.authority("front-proxy-ca", "front-proxy-ca")
	c.user("front-proxy-client", "front-proxy-ca", "front-proxy-client")
	c.authority("etcd/ca", "etcd-ca")
	c.server("etcd/server", "etcd/ca", node, node, "localhost", c.address, "127.0.0.1", "::1")
	c.server("etcd/peer", "etcd/ca", node, node, "localhost", c.address, "127.0.0.1", "::1")
	c.user("apiserver-etcd-client", "etcd/ca", "kube-apiserver-etcd-client")
	c.accountKey("sa")
	// The certificates of the files admin.conf and super-admin.conf.
	c.user("admin", "ca", "kubernetes-admin", "kubeadm:cluster-admins")
	c.user("super-admin", "ca", "kubernetes-super-admin", "system:masters")

	c.launchEtcd()
	c.launchAPIServer()
	return c
}

// launchEtcd starts etcd as its static pod does.
func (c *kubeadmCluster) launchEtcd() {
	c.t.Helper()
	port, peer := freePort(c.t), "https://"+net.JoinHostPort(c.address, freePort(c.t))
	c.etcdURL = "https://127.0.0.1:" + port
	advertised := "https://" + net.JoinHostPort(c.address, port)
	launchNamed(c.t, c.assets, "etcd", "--advertise-client-urls="+advertised, "--cert-file="+c.pair("etcd/server").CertFile, "--client-cert-auth=true",
		"--data-dir="+c.path("etcd-data"), "--feature-gates=InitialCorruptCheck=true", "--initial-advertise-peer-urls="+peer,
		"--initial-cluster=node="+peer, "--key-file="+c.pair("etcd/server").KeyFile, "--listen-client-urls="+c.etcdURL+","+advertised,
		"--listen-metrics-urls=http://"+freeAddress(c.t), "--listen-peer-urls="+peer, "--name=node", "--peer-cert-file="+c.pair("etcd/peer").CertFile,
		"--peer-client-cert-auth=true", "--peer-key-file="+c.pair("etcd/peer").KeyFile, "--peer-trusted-ca-file="+c.pair("etcd/ca").CertFile,
		"--snapshot-count=10000", "--trusted-ca-file="+c.pair("etcd/ca").CertFile, "--watch-progress-notify-interval=5s")
}

// launchAPIServer starts kube-apiserver as its static pod does, and waits for the
// startup probe. etcd may still be starting.
func (c *kubeadmCluster) launchAPIServer() {
	c.t.Helper()
	c.apiserver = launchNamed(c.t, c.assets, "kube-apiserver",
		"--advertise-address="+c.address, "--allow-privileged=true", "--authorization-mode=Node,RBAC", "--client-ca-file="+c.pair("ca").CertFile,
		"--enable-admission-plugins=NodeRestriction", "--enable-bootstrap-token-auth=true", "--etcd-cafile="+c.pair("etcd/ca").CertFile,
		"--etcd-certfile="+c.pair("apiserver-etcd-client").CertFile, "--etcd-keyfile="+c.pair("apiserver-etcd-client").KeyFile, "--etcd-servers="+c.etcdURL,
		"--kubelet-client-certificate="+c.pair("apiserver-kubelet-client").CertFile, "--kubelet-client-key="+c.pair("apiserver-kubelet-client").KeyFile,
		"--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
		"--proxy-client-cert-file="+c.pair("front-proxy-client").CertFile, "--proxy-client-key-file="+c.pair("front-proxy-client").KeyFile,
		"--requestheader-allowed-names=front-proxy-client", "--requestheader-client-ca-file="+c.pair("front-proxy-ca").CertFile,
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User", "--runtime-config=", "--secure-port="+c.port,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local", "--service-account-key-file="+c.path("sa.pub"),
		"--service-account-signing-key-file="+c.path("sa.key"), "--service-cluster-ip-range=10.96.0.0/16",
		"--tls-cert-file="+c.pair("apiserver").CertFile, "--tls-private-key-file="+c.pair("apiserver").KeyFile)
	await(c.t, c.apiserver, c.as(""), "/livez")
	await(c.t, c.apiserver, c.as(""), "/readyz")
}

// as is the configuration of a client at the advertised address, with the name of its
// certificate.
func (c *kubeadmCluster) as(name string) *restclient.Config { return c.config(c.host, "ca", name) }

func (c *kubeadmCluster) client(name string) kubernetes.Interface {
	return kubernetes.NewForConfigOrDie(c.as(name))
}

// withToken is the configuration of a client with a bearer token.
func (c *kubeadmCluster) withToken(token string) *restclient.Config {
	config := c.as("")
	config.BearerToken = token
	return config
}

// bindAdmins gives the administrators of kubeadm their rights, with the certificate of
// super-admin.conf.
func (c *kubeadmCluster) bindAdmins() {
	bindGroup(c.t, c.client("super-admin"), "kubeadm:cluster-admins", "cluster-admin", "kubeadm:cluster-admins")
}

// bindGroup binds a group to a cluster role.
func bindGroup(t testing.TB, client kubernetes.Interface, name, role, group string) {
	t.Helper()
	_, err := client.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: named(name),
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: group}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
}

// The groups of the tokens with which nodes join.
const (
	nodeTokenGroup = "system:bootstrappers:kubeadm:default-node-token"
	nodesGroup     = "system:nodes"
)

// letNodesJoin makes what kubeadm makes in the phase bootstrap-token: who may ask for the
// certificate of a kubelet, and whose requests are approved.
func letNodesJoin(t testing.TB, client kubernetes.Interface) {
	t.Helper()
	const approver = "system:certificates.k8s.io:certificatesigningrequests:"
	bindGroup(t, client, "kubeadm:kubelet-bootstrap", "system:node-bootstrapper", nodeTokenGroup)
	bindGroup(t, client, "kubeadm:node-autoapprove-bootstrap", approver+"nodeclient", nodeTokenGroup)
	bindGroup(t, client, "kubeadm:node-autoapprove-certificate-rotation", approver+"selfnodeclient", nodesGroup)
}

// createToken creates a bootstrap token, and returns it.
func createToken(t testing.TB, client kubernetes.Interface, id, secret, groups string) string {
	t.Helper()
	_, err := client.CoreV1().Secrets(metav1.NamespaceSystem).Create(t.Context(), &corev1.Secret{
		ObjectMeta: named("bootstrap-token-" + id), Type: "bootstrap.kubernetes.io/token",
		StringData: map[string]string{"token-id": id, "token-secret": secret, "usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "true",
			"auth-extra-groups": groups, "expiration": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	return id + "." + secret
}
