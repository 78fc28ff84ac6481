package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// attack is a request that must not get through.
type attack struct {
	name string
	as   *rest.Config
	request
	// code is kube-apiserver's answer.
	code int
}

// target is a running server with something to steal.
type target struct {
	t      *testing.T
	admin  *rest.Config
	client kubernetes.Interface
	pki    string
}

// secretPath has the secret of a pod on node-b.
const secretPath = "/api/v1/namespaces/vault/secrets/crown-jewels"

// newTarget starts the binary. Its users: alice manages roles, bindings and
// some service account's tokens in the namespace vault, and may be bob; node-a
// has a pod without secrets.
func newTarget(t *testing.T) *target {
	t.Helper()
	dir := t.TempDir()
	tokens := file(t, "tokens.csv", "alice-token,alice,1,staff\nbob-token,bob,2\n")
	_, admin := serve(t, dir, "--token-auth-file="+tokens, "--enable-bootstrap-token-auth")
	s := &target{t: t, admin: admin, client: kubernetes.NewForConfigOrDie(admin), pki: filepath.Join(dir, "pki")}
	for _, object := range []struct{ path, body string }{
		{"/api/v1/namespaces", `{"metadata":{"name":"vault"}}`},
		{"/api/v1/namespaces/vault/secrets", `{"metadata":{"name":"crown-jewels"},"stringData":{"a":"b"}}`},
		{"/api/v1/namespaces/vault/serviceaccounts", `{"metadata":{"name":"mine"}}`},
		{"/api/v1/namespaces/vault/serviceaccounts", `{"metadata":{"name":"powerful"}}`},
		{"/api/v1/nodes", `{"metadata":{"name":"node-a"}}`},
		{"/api/v1/nodes", `{"metadata":{"name":"node-b"}}`},
		{"/api/v1/namespaces/vault/pods", `{"metadata":{"name":"harmless"},"spec":{"nodeName":"node-a","containers":[{"name":"c","image":"i"}]}}`},
		{"/api/v1/namespaces/vault/pods", `{"metadata":{"name":"owner"},"spec":{"nodeName":"node-b","serviceAccountName":"powerful","containers":[{"name":"c","image":"i"}],
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

func (s *target) token(token string) *rest.Config { return withToken(s.admin, token) }

// cert is a client with a certificate of its own.
func (s *target) cert(pair pki.Pair) *rest.Config {
	config := rest.AnonymousClientConfig(s.admin)
	config.CertFile, config.KeyFile = pair.CertFile, pair.KeyFile
	return config
}

// own is one of the server's certificates.
func (s *target) own(name string) pki.Pair {
	return pki.Pair{CertFile: filepath.Join(s.pki, name+".crt"), KeyFile: filepath.Join(s.pki, name+".key")}
}

// tokenFor asks for a token of a service account.
func (s *target) tokenFor(account string, spec authenticationv1.TokenRequestSpec) string {
	s.t.Helper()
	r, err := s.client.CoreV1().ServiceAccounts("vault").CreateToken(s.t.Context(), account, &authenticationv1.TokenRequest{Spec: spec}, metav1.CreateOptions{})
	check(s.t, err)
	return r.Status.Token
}

// run sends the attacks.
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
	s.run(s.paths())
	s.revocation()
	// It was not that nobody gets in.
	if r := send(t, s.admin, request{path: secretPath}); r.code != http.StatusOK || !strings.Contains(string(r.body), "Yg==") {
		t.Errorf("the administrator gets %d %s", r.code, r.body)
	}
}

// credentials are missing, forged or outdated.
func (s *target) credentials() []attack {
	t := s.t
	elsewhere, err := pki.Ensure(filepath.Join(t.TempDir(), "pki"), pki.Request{Now: time.Now()})
	check(t, err)
	ca, proxyCA, now := s.own("ca"), s.own("front-proxy-ca"), time.Now()
	powerful := s.tokenFor("powerful", authenticationv1.TokenRequestSpec{})
	anonymous := rest.AnonymousClientConfig(s.admin)
	claims := map[string]any{}
	decodePart(t, strings.Split(powerful, ".")[1], &claims)
	signingKey := filepath.Join(s.pki, "sa.key")
	with := func(changes map[string]any) map[string]any {
		changed := map[string]any{}
		for k, v := range claims {
			changed[k] = v
		}
		for k, v := range changes {
			changed[k] = v
		}
		return changed
	}
	basic := func(user, password string) *rest.Config {
		config := rest.AnonymousClientConfig(s.admin)
		config.Username, config.Password = user, password
		return config
	}
	return []attack{
		{name: "no credentials", as: anonymous, code: 403},
		{name: "empty bearer token", as: anonymous, request: request{headers: []string{"Authorization", "Bearer "}}, code: 403},
		{name: "user and password", as: basic("kubernetes-admin", ""), code: 403},
		{name: "unknown token", as: s.token("Alice-token"), code: 401},
		{name: "token of another scheme", as: anonymous, request: request{headers: []string{"Authorization", "Token alice-token"}}, code: 403},
		{name: "certificate of another CA", as: s.cert(elsewhere.Admin), code: 401},
		{name: "self-signed certificate", as: s.cert(issue(t, pki.Pair{}, clientCert("root", now.Add(-time.Hour), now.Add(time.Hour)))), code: 401},
		{name: "expired certificate", as: s.cert(issue(t, ca, clientCert("root", now.Add(-2*time.Hour), now.Add(-time.Hour)))), code: 401},
		{name: "certificate that is not valid yet", as: s.cert(issue(t, ca, clientCert("root", now.Add(time.Hour), now.Add(2*time.Hour)))), code: 401},
		{name: "serving certificate as a client's", as: s.cert(s.own("apiserver")), code: 401},
		{name: "certificate of the front proxy's CA", as: s.cert(issue(t, proxyCA, clientCert("root", now.Add(-time.Hour), now.Add(time.Hour)))), code: 401},
		{name: "service account token, algorithm none", as: s.token(algorithmNone(t, powerful)), code: 401},
		{name: "service account token without signature", as: s.token(powerful[:strings.LastIndex(powerful, ".")+1]), code: 401},
		{name: "service account token of another account", as: s.token(changeClaim(t, powerful, "sub", "system:serviceaccount:kube-system:admin")), code: 401},
		{name: "token signed with the public key as a secret", as: s.token(signHMAC(t, filepath.Join(s.pki, "sa.pub"), claims)), code: 401},
		{name: "token signed with another key", as: s.token(signToken(t, elsewhere.ServiceAccountKey, claims)), code: 401},
		{name: "token signed with the serving key", as: s.token(signToken(t, s.own("apiserver").KeyFile, claims)), code: 401},
		{name: "token of another issuer", as: s.token(signToken(t, signingKey, with(map[string]any{"iss": "https://evil"}))), code: 401},
		{name: "expired token", as: s.token(signToken(t, signingKey, with(map[string]any{"exp": now.Add(-time.Hour).Unix()}))), code: 401},
		{name: "token that is not valid yet", as: s.token(signToken(t, signingKey, with(map[string]any{"nbf": now.Add(time.Hour).Unix()}))), code: 401},
		{name: "token for another audience", as: s.token(s.tokenFor("powerful", authenticationv1.TokenRequestSpec{Audiences: []string{"vault"}})), code: 401},
		{name: "token of no account", as: s.token(signToken(t, signingKey, with(map[string]any{"kubernetes.io": map[string]any{}}))), code: 401},
		{name: "the well-made token itself, which has no rights", as: s.token(signToken(t, signingKey, claims)), code: 403},
		{name: "token in the URL", as: anonymous, request: request{path: secretPath + "?access_token=" + powerful}, code: 403},
	}
}

// smuggling claims to be somebody else by headers.
func (s *target) smuggling() []attack {
	now := time.Now()
	alice, anonymous := s.token("alice-token"), rest.AnonymousClientConfig(s.admin)
	wrongName := s.cert(issue(s.t, s.own("front-proxy-ca"), clientCert("impostor", now.Add(-time.Hour), now.Add(time.Hour))))
	proxy := s.cert(s.own("front-proxy-client"))
	root := []string{"X-Remote-User", "root", "X-Remote-Group", "system:masters"}
	attacks := []attack{
		{name: "front proxy headers without certificate", as: anonymous, request: request{headers: root}, code: 403},
		{name: "front proxy headers of a user", as: alice, request: request{headers: root}, code: 403},
		{name: "front proxy with another name", as: wrongName, request: request{headers: root}, code: 401},
		{name: "front proxy without headers", as: proxy, code: 401},
		{name: "front proxy's user, who has no rights", as: proxy, request: request{headers: root[:2]}, code: 403},
		{name: "groups without a user", as: proxy, request: request{headers: root[2:]}, code: 401},
		{name: "other names of the headers", as: alice, request: request{headers: []string{"X_Remote_User", "root", "X_Remote_Group", "system:masters"}}, code: 403},
	}
	for name, headers := range map[string][]string{
		"user":                   {"Impersonate-User", "root"},
		"administrator":          {"Impersonate-User", "kubernetes-admin", "Impersonate-Group", "system:masters"},
		"group":                  {"Impersonate-User", "bob", "Impersonate-Group", "system:masters"},
		"uid":                    {"Impersonate-User", "bob", "Impersonate-Uid", "1"},
		"extra":                  {"Impersonate-User", "bob", "Impersonate-Extra-Scopes", "all"},
		"service account":        {"Impersonate-User", "system:serviceaccount:vault:powerful"},
		"node":                   {"Impersonate-User", "system:node:node-b"},
		"loopback client":        {"Impersonate-User", "system:apiserver"},
		"bob, who has no rights": {"Impersonate-User", "bob"},
	} {
		attacks = append(attacks, attack{name: "impersonation: " + name, as: alice, request: request{headers: headers}, code: 403})
	}
	return append(attacks,
		attack{name: "impersonation: group without user", as: alice, request: request{headers: []string{"Impersonate-Group", "system:masters"}}, code: 400},
		attack{name: "impersonation without credentials", as: anonymous, request: request{headers: []string{"Impersonate-User", "bob"}}, code: 403})
}

// escalation gives oneself more rights.
func (s *target) escalation() []attack {
	const (
		group    = "/apis/rbac.authorization.k8s.io/v1"
		roles    = group + "/namespaces/vault/roles"
		bindings = group + "/namespaces/vault/rolebindings"
		secrets  = `"rules":[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]`
		toAdmin  = `"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"alice"}]`
		apply    = "application/apply-patch+yaml"
	)
	alice := s.token("alice-token")
	post := func(path, body string) request {
		return request{method: http.MethodPost, path: path, body: []byte(body)}
	}
	patch := func(path, contentType, body string) request {
		return request{method: http.MethodPatch, path: path, body: []byte(body), headers: []string{"Content-Type", contentType}}
	}
	all := []attack{
		{name: "role with more than she has", request: post(roles, `{"metadata":{"name":"r"},`+secrets+`}`)},
		{name: "role with everything", request: post(roles, `{"metadata":{"name":"r"},"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}`)},
		{name: "role with a wildcard verb", request: post(roles, `{"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["*"]}]}`)},
		{name: "role with a subresource", request: post(roles, `{"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["pods/exec"],"verbs":["create"]}]}`)},
		{name: "role without the resource name of the one she has", request: post(roles, `{"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["serviceaccounts/token"],"verbs":["create"]}]}`)},
		{name: "update of her own role", request: request{method: http.MethodPut, path: roles + "/manager", body: []byte(`{"metadata":{"name":"manager"},` + secrets + `}`)}},
		{name: "merge patch of her own role", request: patch(roles+"/manager", "application/merge-patch+json", `{`+secrets+`}`)},
		{name: "JSON patch of her own role", request: patch(roles+"/manager", "application/json-patch+json",
			`[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}}]`)},
		{name: "apply of her own role", request: patch(roles+"/manager?fieldManager=alice&force=true", apply,
			`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"manager"},`+secrets+`}`)},
		{name: "apply of a new role", request: patch(roles+"/new?fieldManager=alice", apply,
			`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"new"},`+secrets+`}`)},
		{name: "dry run of a role", request: post(roles+"?dryRun=All", `{"metadata":{"name":"r"},`+secrets+`}`)},
		{name: "cluster role with everything", request: post(group+"/clusterroles", `{"metadata":{"name":"r"},"rules":[{"nonResourceURLs":["*"],"verbs":["*"]}]}`)},
		{name: "cluster role that aggregates", request: post(group+"/clusterroles",
			`{"metadata":{"name":"r"},"aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"kubernetes.io/bootstrapping":"rbac-defaults"}}]}}`)},
		{name: "aggregation rule for her own role", request: patch(group+"/clusterroles/role-manager", "application/merge-patch+json",
			`{"aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"kubernetes.io/bootstrapping":"rbac-defaults"}}]}}`)},
		{name: "role that is aggregated to one of hers", request: post(group+"/clusterroles",
			`{"metadata":{"name":"r","labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}},`+secrets+`}`)},
		{name: "binding to cluster-admin", request: post(bindings, `{"metadata":{"name":"b"},`+toAdmin+`}`)},
		{name: "cluster binding to cluster-admin", request: post(group+"/clusterrolebindings", `{"metadata":{"name":"b"},`+toAdmin+`}`)},
		{name: "update of a binding to another role", request: request{method: http.MethodPut, path: bindings + "/manager", body: []byte(`{"metadata":{"name":"manager"},` + toAdmin + `}`)}},
		{name: "her name in the binding of cluster-admin", request: patch(group+"/clusterrolebindings/cluster-admin", "application/json-patch+json",
			`[{"op":"add","path":"/subjects/-","value":{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"alice"}}]`)},
		{name: "role of another namespace", request: post(group+"/namespaces/kube-system/roles", `{"metadata":{"name":"r"},`+secrets+`}`)},
		{name: "token of an account that is not hers", request: post("/api/v1/namespaces/vault/serviceaccounts/powerful/token", `{}`)},
		{name: "token of no account", request: post("/api/v1/namespaces/vault/serviceaccounts//token", `{}`)},
		{name: "token of her account for another", code: 422, request: post("/api/v1/namespaces/vault/serviceaccounts/mine/token", `{"metadata":{"name":"powerful"}}`)},
		{name: "token bound to another account's pod", code: 400, request: post("/api/v1/namespaces/vault/serviceaccounts/mine/token",
			`{"spec":{"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"owner"}}}`)},
		{name: "secrets of all namespaces", request: request{path: "/api/v1/secrets"}},
		{name: "secrets by watch", request: request{path: "/api/v1/namespaces/vault/secrets?watch=true"}},
		{name: "secrets by the old watch path", request: request{path: "/api/v1/watch/namespaces/vault/secrets"}},
		{name: "secret by watching one", request: request{path: "/api/v1/namespaces/vault/secrets?watch=true&fieldSelector=metadata.name=crown-jewels"}},
		{name: "metadata of secrets", request: request{path: "/api/v1/namespaces/vault/secrets", headers: []string{"Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}}},
		{name: "somebody's token by review", request: post("/apis/authentication.k8s.io/v1/tokenreviews", `{"spec":{"token":"bob-token"}}`)},
		{name: "somebody's rights by review", request: post("/apis/authorization.k8s.io/v1/subjectaccessreviews", `{"spec":{"user":"root","resourceAttributes":{"verb":"get"}}}`)},
		{name: "method override", request: request{method: http.MethodPost, path: secretPath, headers: []string{"X-HTTP-Method-Override", "GET"}}},
		{name: "profiler", request: request{path: "/debug/pprof/heap"}},
		{name: "metrics", request: request{path: "/metrics"}},
		{name: "log level", request: request{method: http.MethodPut, path: "/debug/flags/v", body: []byte("10")}},
	}
	for i := range all {
		all[i].as = alice
		if all[i].code == 0 {
			all[i].code = http.StatusForbidden
		}
	}
	return all
}

// nodes read what other nodes have.
func (s *target) nodes() []attack {
	now := time.Now()
	node := s.cert(issue(s.t, s.own("ca"), clientCert("system:node:node-a", now.Add(-time.Hour), now.Add(time.Hour), "system:nodes")))
	noGroup := s.cert(issue(s.t, s.own("ca"), clientCert("system:node:node-b", now.Add(-time.Hour), now.Add(time.Hour), "kubelets")))
	token := request{method: http.MethodPost, path: "/api/v1/namespaces/vault/serviceaccounts/powerful/token",
		body: []byte(`{"spec":{"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"owner"}}}`)}
	return []attack{
		{name: "node: another node's secret", as: node, code: 403},
		{name: "node: all secrets of a namespace", as: node, request: request{path: "/api/v1/namespaces/vault/secrets"}, code: 403},
		{name: "node: all secrets", as: node, request: request{path: "/api/v1/secrets?fieldSelector=metadata.name=crown-jewels"}, code: 403},
		{name: "node: another node", as: node, request: request{path: "/api/v1/nodes/node-b"}, code: 403},
		{name: "node: all nodes", as: node, request: request{path: "/api/v1/nodes"}, code: 403},
		{name: "node: another node's pod", as: node, request: request{path: "/api/v1/namespaces/vault/pods/owner"}, code: 403},
		{name: "node: another node's pods", as: node, request: request{path: "/api/v1/pods?fieldSelector=spec.nodeName=node-b"}, code: 403},
		{name: "node: all pods", as: node, request: request{path: "/api/v1/pods"}, code: 403},
		{name: "node: another node's service account", as: node, request: token, code: 403},
		{name: "node: another node's lease", as: node, request: request{path: "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-b"}, code: 403},
		{name: "node without its group", as: noGroup, code: 403},
	}
}

// paths name the same in other words.
func (s *target) paths() []attack {
	var all []attack
	alice, anonymous := s.token("alice-token"), rest.AnonymousClientConfig(s.admin)
	for _, path := range []string{
		"//api/v1/namespaces/vault/secrets/crown-jewels",
		"/api//v1/namespaces/vault/secrets/crown-jewels",
		"/api/../api/v1/namespaces/vault/secrets/crown-jewels",
		"/healthz/../api/v1/namespaces/vault/secrets/crown-jewels",
		"/version/../api/v1/secrets",
		"/./api/v1/secrets",
		"/api/v1/./secrets",
		"/api/v1/namespaces/vault/configmaps/../secrets/crown-jewels",
		"/api/v1/namespaces/vault/configmaps/%2e%2e/secrets/crown-jewels",
		"/api/v1/namespaces/vault/configmaps%2f..%2fsecrets/crown-jewels",
		"/api/v1/namespaces/vault%2fsecrets%2fcrown-jewels",
		"/api%2fv1%2fnamespaces%2fvault%2fsecrets%2fcrown-jewels",
		"/%61pi/v1/namespaces/vault/%73ecrets/crown-jewels",
		"/api/v1/namespaces/vault/secrets/crown-jewels/",
		"/api/v1/namespaces/vault/secrets/crown%2djewels",
		"/api/v1/namespaces/vault/Secrets/crown-jewels",
		"/API/v1/namespaces/vault/secrets/crown-jewels",
		"/api/v1/namespaces/vault/secrets/crown-jewels%00",
		"/api/v1/namespaces/vault/secrets/crown-jewels;a=b",
		"/api/v1/namespaces/vault/secrets/crown-jewels?namespace=kube-public",
		"/livez/../../api/v1/secrets",
	} {
		for name, as := range map[string]*rest.Config{"alice": alice, "anonymous": anonymous} {
			all = append(all, attack{name: "path by " + name, as: as, request: request{path: path}, code: 403})
		}
	}
	return all
}

// revocation uses tokens after the end of what they depend on.
func (s *target) revocation() {
	t, core := s.t, s.client.CoreV1()
	_, err := core.ServiceAccounts("vault").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: named("guest")}, metav1.CreateOptions{})
	check(t, err)
	_, err = s.client.RbacV1().RoleBindings("vault").Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: named("guest"),
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "vault", Name: "guest"}}}, metav1.CreateOptions{})
	check(t, err)
	box := &corev1.Secret{ObjectMeta: named("box")}
	guest := pod("guest")
	guest.Spec.ServiceAccountName = "guest"
	create := map[string]func(){
		"Secret": func() {
			_, err := core.Secrets("vault").Create(t.Context(), box.DeepCopy(), metav1.CreateOptions{})
			check(t, err)
		},
		"Pod": func() {
			_, err := core.Pods("vault").Create(t.Context(), guest.DeepCopy(), metav1.CreateOptions{})
			check(t, err)
		},
		"Node": func() {
			_, err := core.Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: named("guest")}, metav1.CreateOptions{})
			check(t, err)
		},
	}
	now := metav1.DeleteOptions{GracePeriodSeconds: new(int64)}
	remove := map[string]func(){
		"Secret": func() { check(t, core.Secrets("vault").Delete(t.Context(), "box", now)) },
		"Pod":    func() { check(t, core.Pods("vault").Delete(t.Context(), "guest", now)) },
		"Node":   func() { check(t, core.Nodes().Delete(t.Context(), "guest", now)) },
	}
	refused := func(what, token string) {
		t.Helper()
		eventually(t, what, func() bool { return send(t, s.token(token), request{path: secretPath}).code == http.StatusUnauthorized })
	}
	for _, kind := range []string{"Secret", "Pod", "Node"} {
		create[kind]()
		name := map[string]string{"Secret": "box"}[kind]
		if name == "" {
			name = "guest"
		}
		token := s.tokenFor("guest", authenticationv1.TokenRequestSpec{BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: kind, Name: name}})
		if r := send(t, s.token(token), request{path: secretPath}); r.code != http.StatusOK {
			t.Errorf("token bound to a %s: %d %s", kind, r.code, r.body)
		}
		remove[kind]()
		refused("the token ends with its "+kind, token)
		create[kind]()
		refused("another "+kind+" of the same name does not bring it back", token)
	}
	token := s.tokenFor("guest", authenticationv1.TokenRequestSpec{})
	check(t, core.ServiceAccounts("vault").Delete(t.Context(), "guest", now))
	refused("the token ends with its account", token)
	_, err = core.ServiceAccounts("vault").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: named("guest")}, metav1.CreateOptions{})
	check(t, err)
	refused("another account of the same name does not bring it back", token)
}
