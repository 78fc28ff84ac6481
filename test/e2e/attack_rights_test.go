package e2e

import (
	"net/http"
	"time"

	restclient "k8s.io/client-go/rest"
)

// escalation contains attacks in which users try to get more rights.
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
		{name: "role with a subresource",
			request: post(roles, `{"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["pods/exec"],"verbs":["create"]}]}`)},
		{name: "role without the resource name of the one she has",
			request: post(roles, `{"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["serviceaccounts/token"],"verbs":["create"]}]}`)},
		{name: "update of her own role",
			request: request{method: http.MethodPut, path: roles + "/manager", body: []byte(`{"metadata":{"name":"manager"},` + secrets + `}`)}},
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
		{name: "update of a binding to another role",
			request: request{method: http.MethodPut, path: bindings + "/manager", body: []byte(`{"metadata":{"name":"manager"},` + toAdmin + `}`)}},
		{name: "her name in the binding of cluster-admin", request: patch(group+"/clusterrolebindings/cluster-admin", "application/json-patch+json",
			`[{"op":"add","path":"/subjects/-","value":{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"alice"}}]`)},
		{name: "role of another namespace", request: post(group+"/namespaces/kube-system/roles", `{"metadata":{"name":"r"},`+secrets+`}`)},
		{name: "token of an account that is not hers", request: post("/api/v1/namespaces/vault/serviceaccounts/powerful/token", `{}`)},
		{name: "token of no account", request: post("/api/v1/namespaces/vault/serviceaccounts//token", `{}`)},
		{name: "token of her account for another", code: 422,
			request: post("/api/v1/namespaces/vault/serviceaccounts/mine/token", `{"metadata":{"name":"powerful"}}`)},
		{name: "token bound to another account's pod", code: 400, request: post("/api/v1/namespaces/vault/serviceaccounts/mine/token",
			`{"spec":{"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"owner"}}}`)},
		{name: "secrets of all namespaces", request: request{path: "/api/v1/secrets"}},
		{name: "secrets by watch", request: request{path: "/api/v1/namespaces/vault/secrets?watch=true"}},
		{name: "secrets by the old watch path", request: request{path: "/api/v1/watch/namespaces/vault/secrets"}},
		{name: "secret by watching one", request: request{path: "/api/v1/namespaces/vault/secrets?watch=true&fieldSelector=metadata.name=crown-jewels"}},
		{name: "metadata of secrets",
			request: request{path: "/api/v1/namespaces/vault/secrets", headers: []string{"Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}}},
		{name: "somebody's token by review", request: post("/apis/authentication.k8s.io/v1/tokenreviews", `{"spec":{"token":"bob-token"}}`)},
		{name: "somebody's rights by review",
			request: post("/apis/authorization.k8s.io/v1/subjectaccessreviews", `{"spec":{"user":"root","resourceAttributes":{"verb":"get"}}}`)},
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

// nodes contains attacks in which a node tries to read what belongs to other
// nodes.
func (s *target) nodes() []attack {
	now, node := time.Now(), s.kubelet()
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

// paths contains attacks that name a forbidden resource by an unusual path.
func (s *target) paths() []attack {
	var all []attack
	alice, anonymous := s.token("alice-token"), restclient.AnonymousClientConfig(s.admin)
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
		for name, as := range map[string]*restclient.Config{"alice": alice, "anonymous": anonymous} {
			all = append(all, attack{name: "path by " + name, as: as, request: request{path: path}, code: 403})
		}
	}
	return all
}
