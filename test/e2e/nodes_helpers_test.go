package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	certificatemanager "k8s.io/client-go/util/certificate"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// nodeClient does with the API server what the kubelet of a node does, with client-go's
// certificate manager.
type nodeClient struct {
	t    testing.TB
	node string
	// server has the address and the CA of the API server, as in the kubelet's files, and
	// dir is where the kubelet keeps its certificates.
	server *restclient.Config
	dir    string
}

func newNodeClient(t testing.TB, server *restclient.Config, node string) *nodeClient {
	return &nodeClient{t: t, node: node, server: restclient.AnonymousClientConfig(server), dir: t.TempDir()}
}

// store keeps the client certificates, or those with which the kubelet serves.
func (k *nodeClient) store(name string) certificatemanager.FileStore {
	k.t.Helper()
	store, err := certificatemanager.NewFileStore(name, k.dir, k.dir, "", "")
	testutil.Check(k.t, err)
	return store
}

// config is the configuration of the kubelet's client, with its current certificate.
func (k *nodeClient) config() *restclient.Config {
	config := restclient.CopyConfig(k.server)
	config.CertFile = k.store("kubelet-client").CurrentPath() // has both
	config.KeyFile = config.CertFile
	config.QPS = -1
	return config
}

func (k *nodeClient) client() kubernetes.Interface { return kubernetes.NewForConfigOrDie(k.config()) }

// manage runs a certificate manager until stop is called. The manager asks for
// certificates with the kubelet's current one or, if it has none, with the token.
func (k *nodeClient) manage(token string, config certificatemanager.Config) (m certificatemanager.Manager, stop func()) {
	k.t.Helper()
	config.ClientsetFn = func(current *tls.Certificate) (kubernetes.Interface, error) {
		if current == nil && token != "" {
			bootstrap := restclient.CopyConfig(k.server)
			bootstrap.BearerToken = token
			return kubernetes.NewForConfig(bootstrap)
		}
		return kubernetes.NewForConfig(k.config())
	}
	ctx, cancel := context.WithCancel(k.t.Context())
	config.Ctx = &ctx
	m, err := certificatemanager.NewManager(&config)
	testutil.Check(k.t, err)
	m.Start()
	return m, func() { m.Stop(); cancel() }
}

// manageClient runs the manager of the client certificate.
func (k *nodeClient) manageClient(token string) (m certificatemanager.Manager, stop func()) {
	k.t.Helper()
	return k.manage(token, certificatemanager.Config{
		Name: "kubelet client", SignerName: certificatesv1.KubeAPIServerClientKubeletSignerName, GetUsages: certificatemanager.DefaultKubeletClientGetUsages,
		Template:         &x509.CertificateRequest{Subject: pkix.Name{CommonName: "system:node:" + k.node, Organization: []string{nodesGroup}}},
		CertificateStore: k.store("kubelet-client"),
	})
}

// manageServing runs the manager of the certificate with which the kubelet serves.
func (k *nodeClient) manageServing() (m certificatemanager.Manager, stop func()) {
	k.t.Helper()
	store := k.store("kubelet-server")
	// The manager's current certificate is the serving one, so that the client is always the same.
	return k.manage("", certificatemanager.Config{
		Name: "kubelet serving", SignerName: certificatesv1.KubeletServingSignerName, GetUsages: certificatemanager.DefaultKubeletServingGetUsages,
		Template: &x509.CertificateRequest{Subject: pkix.Name{CommonName: "system:node:" + k.node, Organization: []string{nodesGroup}},
			DNSNames: []string{k.node}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 20)}},
		CertificateStore: store,
	})
}

// join lets the kubelet get its first certificate with a token.
func (k *nodeClient) join(token string) {
	k.t.Helper()
	m, stop := k.manageClient(token)
	defer stop()
	eventually(k.t, k.node+" has a certificate", func() bool { return m.Current() != nil })
}

// register creates the node as a kubelet does when it starts.
func (k *nodeClient) register() {
	k.t.Helper()
	_, err := k.client().CoreV1().Nodes().Create(k.t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: k.node, Labels: map[string]string{corev1.LabelHostname: k.node, corev1.LabelOSStable: "linux"}},
		Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}}},
		Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "192.0.2.20"}},
			DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: 10250}}},
	}, metav1.CreateOptions{})
	testutil.Check(k.t, err)
}

// requestsOf returns the certificate requests that a user has made.
func requestsOf(t testing.TB, admin kubernetes.Interface, user, signer string) (all []certificatesv1.CertificateSigningRequest) {
	t.Helper()
	list, err := admin.CertificatesV1().CertificateSigningRequests().List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	for _, r := range list.Items {
		if r.Spec.Username == user && r.Spec.SignerName == signer {
			all = append(all, r)
		}
	}
	return all
}
