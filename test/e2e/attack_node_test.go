package e2e

import (
	"fmt"
	"net/http"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// nodeWrites contains attacks in which the kubelet of node-a, whom somebody else
// controls, writes what does not belong to its node. The authorizer allows most of
// them: it is the admission plugin NodeRestriction that refuses.
func (s *target) nodeWrites() []attack {
	const (
		pods   = "/api/v1/namespaces/vault/pods"
		tokens = "/api/v1/namespaces/vault/serviceaccounts/%s/token"
		leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
		csi    = "/apis/storage.k8s.io/v1/csinodes"
		merge  = "application/merge-patch+json"
		mirror = `"annotations":{"kubernetes.io/config.mirror":"x"}`
	)
	own, err := s.client.CoreV1().Nodes().Get(s.t.Context(), "node-a", metav1.GetOptions{})
	testutil.Check(s.t, err)
	harmless, err := s.client.CoreV1().Pods("vault").Get(s.t.Context(), "harmless", metav1.GetOptions{})
	testutil.Check(s.t, err)
	owner := func(name string) string {
		return fmt.Sprintf(`"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":%q,"uid":%q,"controller":true}]`, name, own.UID)
	}
	post := func(path, body string, args ...any) request {
		return request{method: http.MethodPost, path: path, body: fmt.Appendf(nil, body, args...)}
	}
	patch := func(path, body string) request {
		return request{method: http.MethodPatch, path: path, body: []byte(body), headers: []string{"Content-Type", merge}}
	}
	remove := func(path string) request { return request{method: http.MethodDelete, path: path} }
	mirrorPod := func(node, owner, spec string) request {
		return post(pods, `{"metadata":{"name":"m",%s,%s},"spec":{"nodeName":%q,"containers":[{"name":"c","image":"i"}]%s}}`, mirror, owner, node, spec)
	}
	token := func(account, pod, uid, audiences string) request {
		return post(fmt.Sprintf(tokens, account),
			`{"spec":{"audiences":[%s],"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":%q,"uid":%q}}}`, audiences, pod, uid)
	}
	all := []attack{
		{name: "a new node", request: post("/api/v1/nodes", `{"metadata":{"name":"node-c"}}`)},
		{name: "label of another node", request: patch("/api/v1/nodes/node-b", `{"metadata":{"labels":{"a":"b"}}}`)},
		{name: "status of another node", request: patch("/api/v1/nodes/node-b/status", `{"status":{"conditions":[]}}`)},
		{name: "another node is deleted", request: remove("/api/v1/nodes/node-b")},
		{name: "all nodes are deleted", request: remove("/api/v1/nodes")},
		{name: "protected label", request: patch("/api/v1/nodes/node-a", `{"metadata":{"labels":{"node-restriction.kubernetes.io/vault":"yes"}}}`)},
		{name: "protected label by the status",
			request: patch("/api/v1/nodes/node-a/status", `{"metadata":{"labels":{"node-restriction.kubernetes.io/vault":"yes"}}}`)},
		{name: "role of a control plane", request: patch("/api/v1/nodes/node-a", `{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":""}}}`)},
		{name: "no taints", request: patch("/api/v1/nodes/node-a", `{"spec":{"taints":null}}`)},
		{name: "ordinary pod", request: post(pods, `{"metadata":{"name":"m"},"spec":{"nodeName":"node-a","containers":[{"name":"c","image":"i"}]}}`)},
		{name: "mirror pod of another node", request: mirrorPod("node-b", owner("node-b"), "")},
		{name: "mirror pod that another node owns", request: mirrorPod("node-a", owner("node-b"), "")},
		{name: "mirror pod that nobody owns", request: mirrorPod("node-a", `"labels":{}`, "")},
		{name: "mirror pod with a secret",
			request: mirrorPod("node-a", owner("node-a"), `,"volumes":[{"name":"v","secret":{"secretName":"crown-jewels"}}]`)},
		{name: "mirror pod with an account", request: mirrorPod("node-a", owner("node-a"), `,"serviceAccountName":"powerful"`)},
		{name: "mirror pod with a config map", request: mirrorPod("node-a", owner("node-a"), `,"volumes":[{"name":"v","configMap":{"name":"c"}}]`)},
		{name: "mirror pod with a claim",
			request: mirrorPod("node-a", owner("node-a"), `,"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"c"}}]`)},
		{name: "binding of a pod", request: post(pods+"/unbound/binding", `{"metadata":{"name":"unbound"},"target":{"kind":"Node","name":"node-b"}}`)},
		{name: "update of its own pod", request: patch(pods+"/harmless", `{"metadata":{"labels":{"app":"vault"}}}`)},
		{name: "labels of its own pod by the status", request: patch(pods+"/harmless/status", `{"metadata":{"labels":{"app":"vault"}}}`)},
		{name: "claims of its own pod by the status",
			request: patch(pods+"/harmless/status", `{"status":{"resourceClaimStatuses":[{"name":"c","resourceClaimName":"c"}]}}`)},
		{name: "status of another node's pod", request: patch(pods+"/owner/status", `{"status":{"message":"m"}}`)},
		{name: "another node's pod is deleted", request: remove(pods + "/owner")},
		{name: "another node's pod is evicted", request: post(pods+"/owner/eviction", `{"metadata":{"name":"owner"}}`)},
		{name: "all pods are deleted", request: remove(pods)},
		{name: "token without a pod", request: post(fmt.Sprintf(tokens, "mine"), `{}`)},
		{name: "token for a pod that it does not run", request: token("powerful", "owner", "x", "")},
		{name: "token for a pod without its UID", request: token("mine", "harmless", "", "")},
		{name: "token for an earlier pod", request: token("mine", "harmless", "x", "")},
		{name: "token for an audience that the pod does not need", request: token("mine", "harmless", string(harmless.UID), `"bank"`)},
		{name: "lease of another node", request: post(leases, `{"metadata":{"name":"node-b"}}`)},
		{name: "lease elsewhere", request: post("/apis/coordination.k8s.io/v1/namespaces/vault/leases", `{"metadata":{"name":"node-a"}}`)},
		{name: "CSINode of another node", request: post(csi, `{"metadata":{"name":"node-b"},"spec":{"drivers":[]}}`)},
		{name: "resource slice of another node",
			request: post("/apis/resource.k8s.io/v1/resourceslices",
				`{"metadata":{"name":"s"},"spec":{"driver":"d.io","nodeName":"node-b","pool":{"name":"p","generation":1,"resourceSliceCount":1}}}`)},
	}
	kubelet := s.kubelet()
	for i := range all {
		all[i].name, all[i].as, all[i].code = "kubelet: "+all[i].name, kubelet, http.StatusForbidden
	}
	return all
}

// kubelet returns the configuration of the kubelet of node-a.
func (s *target) kubelet() *restclient.Config {
	now := time.Now()
	return s.cert(issue(s.t, s.own("ca"), clientCert("system:node:node-a", now.Add(-time.Hour), now.Add(time.Hour), "system:nodes")))
}

// nodeRights does what the kubelet of node-a has to do: the refusals of nodeWrites do
// not mean that it can do nothing.
func (s *target) nodeRights() {
	s.t.Helper()
	c := kubernetes.NewForConfigOrDie(s.kubelet())
	dry, patch := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}, metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}
	node, err := c.CoreV1().Nodes().Patch(s.t.Context(), "node-a", types.MergePatchType, []byte(`{"metadata":{"labels":{"kubernetes.io/hostname":"a"}}}`), patch)
	testutil.Check(s.t, err)
	_, err = c.CoordinationV1().Leases("kube-node-lease").Create(s.t.Context(), &coordinationv1.Lease{ObjectMeta: named("node-a")}, dry)
	testutil.Check(s.t, err)
	mirror := pod("mirror")
	mirror.Annotations, mirror.Spec.NodeName = map[string]string{corev1.MirrorPodAnnotationKey: "x"}, "node-a"
	mirror.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "node-a", UID: node.UID, Controller: ptr.To(true)}}
	_, err = c.CoreV1().Pods("vault").Create(s.t.Context(), mirror, dry)
	testutil.Check(s.t, err)
	own, err := c.CoreV1().Pods("vault").Patch(s.t.Context(), "harmless", types.MergePatchType, []byte(`{"status":{"message":"m"}}`), patch, "status")
	testutil.Check(s.t, err)
	_, err = c.CoreV1().ServiceAccounts("vault").CreateToken(s.t.Context(), "mine", &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: own.Name, UID: own.UID}}}, metav1.CreateOptions{})
	testutil.Check(s.t, err)
}
