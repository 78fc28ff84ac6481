package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// attack is a request that the server must refuse.
type attack struct {
	name string
	as   *restclient.Config
	request
	// code is the status code of kube-apiserver's answer.
	code int
}

// target is a running server with objects that are worth protecting.
type target struct {
	t      *testing.T
	admin  *restclient.Config
	client kubernetes.Interface
	pki    string
}

// secretPath is the path of a secret that a pod on node-b uses.
const secretPath = "/api/v1/namespaces/vault/secrets/crown-jewels"

// newTarget starts the binary. The user alice may manage roles and bindings, in
// the namespace vault request tokens for one service account, and impersonate
// bob. The node node-a runs a pod without secrets.
func newTarget(t *testing.T) *target {
	t.Helper()
	dir := t.TempDir()
	tokens := file(t, "tokens.csv", "alice-token,alice,1,staff\nbob-token,bob,2\n")
	_, admin := serve(t, dir, "--token-auth-file="+tokens, "--enable-bootstrap-token-auth", "--enable-admission-plugins=NodeRestriction")
	s := &target{t: t, admin: admin, client: kubernetes.NewForConfigOrDie(admin), pki: filepath.Join(dir, "pki")}
	for _, object := range []struct{ path, body string }{
		{"/api/v1/namespaces", `{"metadata":{"name":"vault"}}`},
		{"/api/v1/namespaces/vault/secrets", `{"metadata":{"name":"crown-jewels"},"stringData":{"a":"b"}}`},
		{"/api/v1/namespaces/vault/serviceaccounts", `{"metadata":{"name":"mine"}}`},
		{"/api/v1/namespaces/vault/serviceaccounts", `{"metadata":{"name":"powerful"}}`},
		{"/api/v1/nodes", `{"metadata":{"name":"node-a"}}`},
		{"/api/v1/nodes", `{"metadata":{"name":"node-b"}}`},
		{"/api/v1/namespaces/vault/pods", `{"metadata":{"name":"harmless"},"spec":{"nodeName":"node-a","serviceAccountName":"mine","containers":[{"name":"c","image":"i"}]}}`},
		{"/api/v1/namespaces/vault/pods", `{"metadata":{"name":"unbound"},"spec":{"serviceAccountName":"mine","containers":[{"name":"c","image":"i"}]}}`},
		{"/api/v1/namespaces/vault/pods",
			`{"metadata":{"name":"owner"},"spec":{"nodeName":"node-b","serviceAccountName":"powerful","containers":[{"name":"c","image":"i"}],
			"volumes":[{"name":"v","secret":{"secretName":"crown-jewels"}}]}}`},
		{"/apis/rbac.authorization.k8s.io/v1/namespaces/vault/roles", `{"metadata":{"name":"manager"},"rules":[
			{"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles","rolebindings"],"verbs":["get","list","create","update","patch","delete"]},
			{"apiGroups":[""],"resources":["serviceaccounts/token"],"resourceNames":["mine"],"verbs":["create"]},
			{"apiGroups":[""],"resources":["pods","configmaps"],"verbs":["get","list","create"]}]}`},
		{"/apis/rbac.authorization.k8s.io/v1/namespaces/vault/rolebindings", `{"metadata":{"name":"manager"},
			"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"manager"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"alice"}]}`},
		{"/apis/rbac.authorization.k8s.io/v1/clusterroles", `{"metadata":{"name":"role-manager"},"rules":[
			{"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles","clusterrolebindings"],"verbs":["get","list","create","update","patch"]},
			{"apiGroups":[""],"resources":["users"],"resourceNames":["bob"],"verbs":["impersonate"]}]}`},
		{"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", `{"metadata":{"name":"role-manager"},
			"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"role-manager"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"alice"}]}`},
	} {
		r := send(t, admin, request{method: http.MethodPost, path: object.path, body: []byte(object.body), headers: []string{"Content-Type", "application/json"}})
		if r.code != http.StatusCreated {
			t.Fatalf("%s: %d %s", object.path, r.code, r.body)
		}
	}
	eventually(t, "alice's rights are in force", func() bool {
		return send(t, s.token("alice-token"), request{path: "/apis/rbac.authorization.k8s.io/v1/clusterroles"}).code == http.StatusOK &&
			send(t, s.token("alice-token"), request{path: "/apis/rbac.authorization.k8s.io/v1/namespaces/vault/roles"}).code == http.StatusOK
	})
	return s
}

func (s *target) token(token string) *restclient.Config { return withToken(s.admin, token) }

// cert returns the configuration of a client with its own certificate.
func (s *target) cert(pair pki.Pair) *restclient.Config {
	config := restclient.AnonymousClientConfig(s.admin)
	config.CertFile, config.KeyFile = pair.CertFile, pair.KeyFile
	return config
}

// own returns one of the server's certificates.
func (s *target) own(name string) pki.Pair {
	return pki.Pair{CertFile: filepath.Join(s.pki, name+".crt"), KeyFile: filepath.Join(s.pki, name+".key")}
}

// tokenFor requests a token of a service account.
func (s *target) tokenFor(account string, spec authenticationv1.TokenRequestSpec) string {
	s.t.Helper()
	r, err := s.client.CoreV1().ServiceAccounts("vault").CreateToken(s.t.Context(), account, &authenticationv1.TokenRequest{Spec: spec}, metav1.CreateOptions{})
	testutil.Check(s.t, err)
	return r.Status.Token
}

// run sends the attacks and checks that each is refused.
func (s *target) run(attacks []attack) {
	s.t.Helper()
	for _, a := range attacks {
		if a.path == "" {
			a.path = secretPath
		}
		if a.body != nil {
			a.headers = append([]string{"Content-Type", "application/json"}, a.headers...)
		}
		if r := send(s.t, a.as, a.request); r.code != a.code || strings.Contains(string(r.body), "Yg==") {
			s.t.Errorf("%s: %s %s answers %d, not %d: %.300s", a.name, a.method, a.path, r.code, a.code, r.body)
		}
	}
}

func TestAttacks(t *testing.T) {
	t.Parallel()
	s := newTarget(t)
	s.run(s.credentials())
	s.run(s.smuggling())
	s.run(s.escalation())
	s.run(s.nodes())
	s.run(s.nodeWrites())
	s.nodeRights()
	s.run(s.paths())
	s.revocation()
	// Check that the refusals do not just mean that nobody has access.
	if r := send(t, s.admin, request{path: secretPath}); r.code != http.StatusOK || !strings.Contains(string(r.body), "Yg==") {
		t.Errorf("the administrator gets %d %s", r.code, r.body)
	}
}
