package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// credentials are attacks with missing, forged and expired credentials.
func (s *target) credentials() []attack {
	t := s.t
	elsewhere, err := pki.Ensure(filepath.Join(t.TempDir(), "pki"), pki.Request{Now: time.Now()})
	testutil.Check(t, err)
	ca, proxyCA, now := s.own("ca"), s.own("front-proxy-ca"), time.Now()
	powerful := s.tokenFor("powerful", authenticationv1.TokenRequestSpec{})
	anonymous := restclient.AnonymousClientConfig(s.admin)
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
	basic := func(user, password string) *restclient.Config {
		config := restclient.AnonymousClientConfig(s.admin)
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
		{name: "bound token of the legacy issuer", as: s.token(signToken(t, signingKey, with(map[string]any{"iss": "kubernetes/serviceaccount"}))), code: 401},
		{name: "expired token", as: s.token(signToken(t, signingKey, with(map[string]any{"exp": now.Add(-time.Hour).Unix()}))), code: 401},
		{name: "token that is not valid yet", as: s.token(signToken(t, signingKey, with(map[string]any{"nbf": now.Add(time.Hour).Unix()}))), code: 401},
		{name: "token for another audience", as: s.token(s.tokenFor("powerful", authenticationv1.TokenRequestSpec{Audiences: []string{"vault"}})), code: 401},
		{name: "token of no account", as: s.token(signToken(t, signingKey, with(map[string]any{"kubernetes.io": map[string]any{}}))), code: 401},
		{name: "the well-made token itself, which has no rights", as: s.token(signToken(t, signingKey, claims)), code: 403},
		{name: "token in the URL", as: anonymous, request: request{path: secretPath + "?access_token=" + powerful}, code: 403},
	}
}

// smuggling contains attacks that claim to be another user through headers.
func (s *target) smuggling() []attack {
	now := time.Now()
	alice, anonymous := s.token("alice-token"), restclient.AnonymousClientConfig(s.admin)
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

// revocation uses tokens after an object on which they depend was deleted.
func (s *target) revocation() {
	t, core := s.t, s.client.CoreV1()
	_, err := core.ServiceAccounts("vault").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: named("guest")}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = s.client.RbacV1().RoleBindings("vault").Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: named("guest"),
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "vault", Name: "guest"}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	box := &corev1.Secret{ObjectMeta: named("box")}
	guest := pod("guest")
	guest.Spec.ServiceAccountName = "guest"
	create := map[string]func(){
		"Secret": func() {
			_, err := core.Secrets("vault").Create(t.Context(), box.DeepCopy(), metav1.CreateOptions{})
			testutil.Check(t, err)
		},
		"Pod": func() {
			_, err := core.Pods("vault").Create(t.Context(), guest.DeepCopy(), metav1.CreateOptions{})
			testutil.Check(t, err)
		},
		"Node": func() {
			_, err := core.Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: named("guest")}, metav1.CreateOptions{})
			testutil.Check(t, err)
		},
	}
	now := metav1.DeleteOptions{GracePeriodSeconds: new(int64)}
	remove := map[string]func(){
		"Secret": func() { testutil.Check(t, core.Secrets("vault").Delete(t.Context(), "box", now)) },
		"Pod":    func() { testutil.Check(t, core.Pods("vault").Delete(t.Context(), "guest", now)) },
		"Node":   func() { testutil.Check(t, core.Nodes().Delete(t.Context(), "guest", now)) },
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
		token := s.tokenFor("guest",
			authenticationv1.TokenRequestSpec{BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: kind, Name: name}})
		if r := send(t, s.token(token), request{path: secretPath}); r.code != http.StatusOK {
			t.Errorf("token bound to a %s: %d %s", kind, r.code, r.body)
		}
		remove[kind]()
		refused("the token ends with its "+kind, token)
		create[kind]()
		refused("another "+kind+" of the same name does not bring it back", token)
	}
	token := s.tokenFor("guest", authenticationv1.TokenRequestSpec{})
	testutil.Check(t, core.ServiceAccounts("vault").Delete(t.Context(), "guest", now))
	refused("the token ends with its account", token)
	_, err = core.ServiceAccounts("vault").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: named("guest")}, metav1.CreateOptions{})
	testutil.Check(t, err)
	refused("another account of the same name does not bring it back", token)
}
