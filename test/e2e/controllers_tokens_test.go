package e2e

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/cluster-bootstrap/token/jws"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/bootstrapsigner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/legacytokencleaner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/rootca"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/serviceaccounttoken"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/tokencleaner"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// trusting returns the configuration of a client with a token, which verifies the server
// with a CA.
func trusting(config *restclient.Config, token string, ca []byte) *restclient.Config {
	config = restclient.AnonymousClientConfig(config)
	config.BearerToken, config.CAData, config.CAFile = token, ca, ""
	return config
}

// TestRootCA verifies the server with the CA that a namespace gets.
func TestRootCA(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=" + rootca.Name}})
	c := kubernetes.NewForConfigOrDie(s.Config)
	for _, namespace := range []string{"default", "kube-system", "new"} {
		ensureNamespace(t, s, namespace)
		var ca string
		eventually(t, namespace+" has a CA", func() bool {
			m, err := c.CoreV1().ConfigMaps(namespace).Get(t.Context(), "kube-root-ca.crt", metav1.GetOptions{})
			if err == nil {
				ca = m.Data["ca.crt"]
			}
			return err == nil
		})
		_, err := kubernetes.NewForConfigOrDie(trusting(s.Config, "", []byte(ca))).Discovery().ServerVersion()
		testutil.Check(t, err)
	}
}

// TestTokenSecrets authenticates with the token of a secret that was made before the
// controller ran, and of one that is made while it runs.
func TestTokenSecrets(t *testing.T) {
	t.Parallel()
	dir := "--data-dir=" + t.TempDir()
	secret := func(name string) *corev1.Secret {
		return &corev1.Secret{Type: corev1.SecretTypeServiceAccountToken,
			ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{corev1.ServiceAccountNameKey: "robot"}}}
	}
	s, err := testserver.New(t.Context(), testserver.Options{Flags: []string{dir, "--controllers="}})
	testutil.Check(t, err)
	c := kubernetes.NewForConfigOrDie(s.Config).CoreV1()
	_, err = c.ServiceAccounts("default").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: named("robot")}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = c.Secrets("default").Create(t.Context(), secret("before"), metav1.CreateOptions{})
	testutil.Check(t, err)
	testutil.Check(t, s.Stop())

	s, err = testserver.New(t.Context(), testserver.Options{Flags: []string{dir, "--controllers=" + serviceaccounttoken.Name + "," + legacytokencleaner.Name}})
	testutil.Check(t, err)
	defer func() { testutil.Check(t, s.Stop()) }()
	c = kubernetes.NewForConfigOrDie(s.Config).CoreV1()
	_, err = c.Secrets("default").Create(t.Context(), secret("while"), metav1.CreateOptions{})
	testutil.Check(t, err)
	for _, name := range []string{"before", "while"} {
		var filled *corev1.Secret
		eventually(t, name+" has a token", func() bool {
			filled, err = c.Secrets("default").Get(t.Context(), name, metav1.GetOptions{})
			testutil.Check(t, err)
			return len(filled.Data[corev1.ServiceAccountTokenKey]) > 0
		})
		config := trusting(s.Config, string(filled.Data[corev1.ServiceAccountTokenKey]), filled.Data[corev1.ServiceAccountRootCAKey])
		user, err := whoami(t, config)
		if testutil.Check(t, err); user.Username != "system:serviceaccount:default:robot" {
			t.Errorf("the token is that of %v", user)
		}
	}
	testutil.Check(t, c.ServiceAccounts("default").Delete(t.Context(), "robot", metav1.DeleteOptions{}))
	for _, name := range []string{"before", "while"} {
		eventually(t, name+" is gone with its account", func() bool {
			_, err := c.Secrets("default").Get(t.Context(), name, metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		})
	}
}

// TestBootstrapTokenControllers verifies the signature of the cluster's information with a token,
// until the token expires.
func TestBootstrapTokenControllers(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=" + bootstrapsigner.Name + "," + tokencleaner.Name}})
	c := kubernetes.NewForConfigOrDie(s.Config).CoreV1()
	const id, secret, kubeconfig = "abcdef", "0123456789abcdef", "where the cluster is"
	_, err := c.ConfigMaps("kube-public").Create(t.Context(),
		configMap(bootstrapapi.ConfigMapClusterInfo, bootstrapapi.KubeConfigKey, kubeconfig), metav1.CreateOptions{})
	testutil.Check(t, err)
	expiration := time.Now().Add(3 * time.Second).UTC().Format(time.RFC3339)
	_, err = c.Secrets("kube-system").Create(t.Context(), &corev1.Secret{ObjectMeta: named(bootstrapapi.BootstrapTokenSecretPrefix + id),
		Type: bootstrapapi.SecretTypeBootstrapToken, StringData: map[string]string{
			bootstrapapi.BootstrapTokenIDKey: id, bootstrapapi.BootstrapTokenSecretKey: secret,
			bootstrapapi.BootstrapTokenUsageSigningKey: "true", bootstrapapi.BootstrapTokenExpirationKey: expiration}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	signature := func() string {
		m, err := c.ConfigMaps("kube-public").Get(t.Context(), bootstrapapi.ConfigMapClusterInfo, metav1.GetOptions{})
		testutil.Check(t, err)
		return m.Data[bootstrapapi.JWSSignatureKeyPrefix+id]
	}
	eventually(t, "the information is signed", func() bool { return jws.DetachedTokenIsValid(signature(), kubeconfig, id, secret) })
	eventually(t, "the token is gone", func() bool {
		_, err := c.Secrets("kube-system").Get(t.Context(), bootstrapapi.BootstrapTokenSecretPrefix+id, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	eventually(t, "the signature is gone", func() bool { return signature() == "" })
}
