package noderestriction

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// kind is what a request is for.
type kind struct {
	resource    schema.GroupResource
	subresource string
	empty       runtime.Object
}

var (
	nodes          = kind{corev1.Resource("nodes"), "", &corev1.Node{}}
	nodeStatus     = kind{corev1.Resource("nodes"), "status", &corev1.Node{}}
	pods           = kind{corev1.Resource("pods"), "", &corev1.Pod{}}
	podStatus      = kind{corev1.Resource("pods"), "status", &corev1.Pod{}}
	evictions      = kind{corev1.Resource("pods"), "eviction", &policyv1.Eviction{}}
	bindings       = kind{corev1.Resource("pods"), "binding", &corev1.Binding{}}
	configMaps     = kind{corev1.Resource("configmaps"), "", &corev1.ConfigMap{}}
	tokens         = kind{corev1.Resource("serviceaccounts"), "token", &authenticationv1.TokenRequest{}}
	volumeClaim    = kind{corev1.Resource("persistentvolumeclaims"), "", &corev1.PersistentVolumeClaim{}}
	claimStatus    = kind{corev1.Resource("persistentvolumeclaims"), "status", &corev1.PersistentVolumeClaim{}}
	leases         = kind{coordinationv1.Resource("leases"), "", &coordinationv1.Lease{}}
	csiNodes       = kind{storagev1.Resource("csinodes"), "", &storagev1.CSINode{}}
	resourceSlices = kind{resourcev1.Resource("resourceslices"), "", &resourcev1.ResourceSlice{}}
	signing        = kind{certificatesv1.Resource("certificatesigningrequests"), "", &certificatesv1.CertificateSigningRequest{}}
	podRequests    = kind{certificatesv1.Resource("podcertificaterequests"), "", &certificatesv1beta1.PodCertificateRequest{}}
	podRequest     = kind{certificatesv1.Resource("podcertificaterequests"), "status", &certificatesv1beta1.PodCertificateRequest{}}
)

// testRequest is a request in the namespace ns, or in the one that its object names.
type testRequest struct {
	name      string
	operation admission.Operation
	kind
	obj, old string // in JSON
	want     string // the refusal; empty if there is none
}

// run sends requests of a user and compares the answers.
func run(t *testing.T, p *plugin, u user.Info, tests []testRequest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			parse := func(text string) runtime.Object {
				if text == "" {
					return nil
				}
				obj := test.empty.DeepCopyObject()
				testutil.Check(t, json.Unmarshal([]byte(text), obj))
				return obj
			}
			obj, old := parse(test.obj), parse(test.old)
			meta, namespace := metav1.ObjectMeta{}, "ns"
			for _, o := range []runtime.Object{old, obj} {
				if accessor, ok := o.(metav1.ObjectMetaAccessor); ok {
					meta.Name, meta.Namespace = accessor.GetObjectMeta().GetName(), accessor.GetObjectMeta().GetNamespace()
				}
			}
			if meta.Namespace != "" {
				namespace = meta.Namespace
			}
			a := apiadmission.NewAttributesRecord(obj, old, schema.GroupVersionKind{}, namespace, meta.Name,
				test.resource.WithVersion("v1"), test.subresource, test.operation, nil, false, u)
			want := "<nil>"
			if test.want != "" {
				want = test.want
			}
			got := fmt.Sprint(p.Admit(t.Context(), a, nil))
			intro := fmt.Sprint(admission.Forbidden(a, ""))
			if len(got) > len(intro) && got[:len(intro)] == intro {
				got = got[len(intro):]
			}
			if got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}
}

// kubelet is the user of the node n1.
func kubelet() user.Info {
	return &user.DefaultInfo{Name: "system:node:n1", Groups: []string{"system:nodes"}}
}

// start returns the plugin in a cluster with the node n1. The namespace ns has the
// account sa and the pods mine on n1, theirs on n2 and mirror. The UID of each
// object is its name after "uid-". Kubelets may request tokens for the audience
// "granted".
func start(t *testing.T, more ...runtime.Object) *plugin {
	t.Helper()
	named := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID("uid-" + name)}
	}
	node := &corev1.Node{ObjectMeta: named("n1")}
	node.Namespace = ""
	objects := append(more, node, &corev1.ServiceAccount{ObjectMeta: named("sa")})
	for name, node := range map[string]string{"mine": "n1", "theirs": "n2", "mirror": "n1"} {
		pod := &corev1.Pod{ObjectMeta: named(name), Spec: corev1.PodSpec{NodeName: node, ServiceAccountName: "sa"}}
		if name == "mirror" {
			pod.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
		}
		objects = append(objects, pod)
	}
	p := newPlugin()
	p.SetExternalKubeClientSet(fake.NewClientset(objects...))
	p.SetAuthorizer(authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
		if a.GetVerb() == audienceVerb && a.GetResource() == "granted" && a.GetNamespace() == "ns" && a.GetUser().GetName() == "system:node:n1" {
			return authorizer.DecisionAllow, "", nil
		}
		return authorizer.DecisionNoOpinion, "", nil
	}))
	return p
}

func TestOthersAreNotRestricted(t *testing.T) {
	foreign := []testRequest{{"node", admission.Create, nodes, `{"metadata":{"name":"n2"}}`, "", ""},
		{"pod", admission.Delete, pods, "", `{"metadata":{"name":"theirs"},"spec":{"nodeName":"n2"}}`, ""}}
	for _, u := range []*user.DefaultInfo{
		{Name: "system:node:n1", Groups: []string{"kubelets"}}, {Name: "n1", Groups: []string{"system:nodes"}}, {Name: "admin"}} {
		run(t, start(t), u, foreign)
	}
}

func TestEveryResource(t *testing.T) {
	nameless := &user.DefaultInfo{Name: "system:node:", Groups: []string{"system:nodes"}}
	run(t, start(t), nameless, []testRequest{
		{"node", admission.Create, nodes, `{"metadata":{"name":"n"}}`, "", `could not determine node from user "system:node:"`},
		{"config map", admission.Update, configMaps, `{"metadata":{"name":"n"}}`, `{}`, `could not determine node from user "system:node:"`},
	})
	run(t, start(t), kubelet(), []testRequest{
		{"binding", admission.Create, bindings, `{"metadata":{"name":"n"}}`, "", `unexpected pod subresource "binding", only 'status' and 'eviction' are allowed`},
		{"config map", admission.Create, configMaps, `{"metadata":{"name":"n"}}`, "", ""},
		{"lease", admission.Create, leases, `{"metadata":{"name":"n1","namespace":"kube-node-lease"}}`, "", ""},
		{"lease of another", admission.Create, leases, `{"metadata":{"name":"n2","namespace":"kube-node-lease"}}`, "",
			"can only access node lease with the same name as the requesting node"},
		{"lease elsewhere", admission.Update, leases, `{"metadata":{"name":"n1"}}`, `{"metadata":{"name":"n1"}}`,
			`can only access leases in the "kube-node-lease" system namespace`},
		{"all leases", admission.Delete, leases, "", `{"metadata":{"namespace":"kube-node-lease"}}`,
			"can only access node lease with the same name as the requesting node"},
		{"CSI node", admission.Delete, csiNodes, "", `{"metadata":{"name":"n1"}}`, ""},
		{"CSI node of another", admission.Delete, csiNodes, "", `{"metadata":{"name":"n2"}}`,
			"can only access CSINode with the same name as the requesting node"},
		{"slice", admission.Create, resourceSlices, `{"spec":{"nodeName":"n1"}}`, "", ""},
		{"slice of another", admission.Create, resourceSlices, `{"spec":{"nodeName":"n2"}}`, "",
			"can only create ResourceSlice with the same NodeName as the requesting node"},
		{"slice of all", admission.Delete, resourceSlices, "", `{"spec":{"allNodes":true}}`,
			"can only delete ResourceSlice with the same NodeName as the requesting node"},
		{"claim", admission.Create, volumeClaim, `{}`, "", "may only update PVC status"},
		{"capacity of a claim", admission.Update, claimStatus, `{"status":{"capacity":{"storage":"2Gi"},"conditions":[{"type":"Resizing"}]}}`, `{}`, ""},
	})
}

func TestNodes(t *testing.T) {
	const taints = `{"metadata":{"name":"n1"},"spec":{"taints":[{"key":"a"}]}}`
	run(t, start(t), kubelet(), []testRequest{
		{"itself", admission.Create, nodes, `{"metadata":{"name":"n1","labels":{"kubernetes.io/hostname":"h","node.kubernetes.io/x":"y","own":"z"}}}`, "",
			""},
		{"another", admission.Create, nodes, `{"metadata":{"name":"n2"}}`, "", `node "n1" is not allowed to modify node "n2"`},
		{"configuration", admission.Create, nodes, `{"metadata":{"name":"n1"},"spec":{"configSource":{}}}`, "",
			`node "n1" is not allowed to create pods with a non-nil configSource`},
		{"labels", admission.Create, nodes,
			`{"metadata":{"name":"n1","labels":{"node-restriction.kubernetes.io/b":"","a.k8s.io/c":"","k8s.io":"","notk8s.io/d":""}}}`,
			"", `node "n1" is not allowed to set the following labels: a.k8s.io/c, node-restriction.kubernetes.io/b`},
		{"status of another", admission.Update, nodeStatus, `{"metadata":{"name":"n2"}}`,
			`{"metadata":{"name":"n2"}}`, `node "n1" is not allowed to modify node "n2"`},
		{"changed, new and removed labels", admission.Update, nodes, `{"metadata":{"name":"n1","labels":{"k8s.io/a":"2","k8s.io/b":"","k8s.io/d":"","own":"2"}}}`,
			`{"metadata":{"name":"n1","labels":{"k8s.io/a":"1","k8s.io/c":"","k8s.io/d":"","own":"1"}}}`,
			`is not allowed to modify labels: k8s.io/a, k8s.io/b, k8s.io/c`},
		{"taints", admission.Update, nodeStatus, `{"metadata":{"name":"n1"}}`, taints, `node "n1" is not allowed to modify taints`},
		{"the same taints", admission.Update, nodes, taints, taints, ""},
		{"owners", admission.Update, nodes, `{"metadata":{"name":"n1","ownerReferences":[{"name":"o"}]}}`, `{"metadata":{"name":"n1"}}`,
			`node "n1" is not allowed to modify ownerReferences`},
		{"new configuration", admission.Update, nodes, `{"metadata":{"name":"n1"},"spec":{"configSource":{}}}`, `{"metadata":{"name":"n1"}}`,
			`node "n1" is not allowed to update configSource to a new non-nil configSource`},
		{"deletes itself", admission.Delete, nodes, "", `{"metadata":{"name":"n1"}}`, ""},
		{"deletes all", admission.Delete, nodes, "", `{}`, `node "n1" is not allowed to modify node ""`},
	})
}

func TestMirrorPods(t *testing.T) {
	owner := func(more string) string {
		return `[{"apiVersion":"v1","kind":"Node","name":"n1","uid":"uid-n1"` + more + `}]`
	}
	const controller = `,"controller":true`
	mirror := func(owners, spec string) string {
		return `{"metadata":{"name":"p","annotations":{"kubernetes.io/config.mirror":"x"},"ownerReferences":` + owners + `},"spec":{"nodeName":"n1"` + spec + `}}`
	}
	tests := []testRequest{
		{"mirror pod", admission.Create, pods, mirror(owner(controller), ""), "", ""},
		{"ordinary pod", admission.Create, pods, `{"spec":{"nodeName":"n1"}}`, "",
			`pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods`},
		{"of another node", admission.Create, pods, `{"metadata":{"annotations":{"kubernetes.io/config.mirror":""}},"spec":{"nodeName":"n2"}}`, "",
			`node "n1" can only create pods with spec.nodeName set to itself`},
		{"no owner", admission.Create, pods, mirror("[]", ""), "", `node "n1" can only create pods with an owner reference set to itself`},
		{"two owners", admission.Create, pods, mirror("[{},{}]", ""), "", `node "n1" can only create pods with a single owner reference set to itself`},
		{"another owner", admission.Create, pods, mirror(`[{"apiVersion":"v1","kind":"Pod","name":"n1"}]`, ""), "",
			`node "n1" can only create pods with an owner reference set to itself`},
		{"no controller", admission.Create, pods, mirror(owner(""), ""), "", `node "n1" can only create pods with a controller owner reference set to itself`},
		{"blocks", admission.Create, pods, mirror(owner(controller+`,"blockOwnerDeletion":true`), ""), "",
			`node "n1" must not set blockOwnerDeletion on an owner reference`},
		{"earlier node", admission.Create, pods, mirror(`[{"apiVersion":"v1","kind":"Node","name":"n1","uid":"old","controller":true}]`, ""), "",
			`node n1 UID mismatch: expected old got uid-n1`},
	}
	for spec, what := range map[string]string{
		`"serviceAccountName":"sa","imagePullSecrets":[{"name":"s"}]`:                                 "serviceaccounts",
		`"imagePullSecrets":[{"name":"s"}]`:                                                           "secrets",
		`"volumes":[{"name":"v","secret":{}}]`:                                                        "secrets (via secret volumes)",
		`"volumes":[{"name":"v","azureFile":{}}]`:                                                     "secrets (via azureFile volumes)",
		`"volumes":[{"name":"v","projected":{"sources":[{"secret":{}}]}}]`:                            "secrets (via projected volumes)",
		`"containers":[{"name":"c","envFrom":[{"configMapRef":{"name":"c"}}]}]`:                       "configmaps",
		`"volumes":[{"name":"v","configMap":{}}]`:                                                     "configmaps (via configmap volumes)",
		`"volumes":[{"name":"v","projected":{"sources":[{"configMap":{}}]}}]`:                         "configmaps (via projected volumes)",
		`"volumes":[{"name":"v","csi":{}}],"resourceClaims":[{"name":"r"}]`:                           "resourceclaims",
		`"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"c"}}]`:                          "persistentvolumeclaims",
		`"volumes":[{"name":"v","ephemeral":{}}]`:                                                     "persistentvolumeclaims (via ephemeral volumes)",
		`"volumes":[{"name":"v","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}}]`:     "serviceaccounts (via projected volumes)",
		`"volumes":[{"name":"v","projected":{"sources":[{"clusterTrustBundle":{"path":"t"}}]}}]`:      "clustertrustbundles",
		`"volumes":[{"name":"v","projected":{"sources":[{"podCertificate":{"keyType":"ED25519"}}]}}]`: "podcertificates",
		`"volumes":[{"name":"v","csi":{}}]`:                                                           "csidrivers (via CSI volumes)",
	} {
		tests = append(tests, testRequest{what, admission.Create, pods, mirror(owner(controller), ","+spec), "",
			`node "n1" can not create pods that reference ` + what})
	}
	run(t, start(t), kubelet(), tests)
}

func TestPods(t *testing.T) {
	const mine, theirs = `{"metadata":{"name":"mine"},"spec":{"nodeName":"n1"}}`, `{"metadata":{"name":"theirs"},"spec":{"nodeName":"n2"}}`
	run(t, start(t), kubelet(), []testRequest{
		{"update", admission.Update, pods, mine, mine, `unexpected operation "UPDATE", node "n1" can only create and delete mirror pods`},
		{"status", admission.Update, podStatus, `{"metadata":{"name":"mine"},"spec":{"nodeName":"n1"},"status":{"message":"m"}}`, mine, ""},
		{"status of another", admission.Update, podStatus, mine, theirs, `node "n1" can only update pod status for pods with spec.nodeName set to itself`},
		{"labels", admission.Update, podStatus, `{"metadata":{"name":"mine","labels":{"a":"b"}}}`, mine, `node "n1" cannot update labels through pod status`},
		{"claims", admission.Update, podStatus, `{"status":{"resourceClaimStatuses":[{"name":"c"}]}}`, mine, `node "n1" cannot update resource claim statues`},
		{"extended claim", admission.Update, podStatus, `{"status":{"extendedResourceClaimStatus":{"resourceClaimName":"c"}}}`, mine,
			`node "n1" cannot update extended resource claim status`},
		{"delete", admission.Delete, pods, "", mine, ""},
		{"delete another", admission.Delete, pods, "", theirs, `node "n1" can only delete pods with spec.nodeName set to itself`},
		{"evict", admission.Create, evictions, `{"metadata":{"name":"mine"}}`, "", ""},
		{"evict another", admission.Create, evictions, `{"metadata":{"name":"theirs"}}`, "", `node n1 can only evict pods with spec.nodeName set to itself`},
		{"evict an unknown one", admission.Create, evictions, `{"metadata":{"name":"gone"}}`, "", `pod "gone" not found`},
	})
}

func TestClaimStatus(t *testing.T) {
	run(t, start(t), kubelet(), []testRequest{{"phase", admission.Update, claimStatus, `{"metadata":{"name":"c","resourceVersion":"2"},"status":{"phase":"Lost"}}`,
		`{"metadata":{"name":"c","resourceVersion":"1"},"status":{"phase":"Bound"}}`,
		`node "n1" is not allowed to update fields other than status.quantity and status.conditions: ` + "@@ -15,7 +15,7 @@\n" +
			"   \"VolumeAttributesClassName\": null\n  },\n  \"Status\": {\n-  \"Phase\": \"Bound\",\n+  \"Phase\": \"Lost\",\n   \"AccessModes\": null,\n" +
			"   \"Capacity\": null,\n   \"Conditions\": null,\n"}})
}
