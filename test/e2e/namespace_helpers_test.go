package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/namespace"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// namespaceFlags make a server delete the contents of namespaces. Pods need no
// service account.
var namespaceFlags = []string{"--controllers=" + namespace.Name, "--disable-admission-plugins=ServiceAccount"}

// removeFinalizers is a merge patch.
var removeFinalizers = []byte(`{"metadata":{"finalizers":null}}`)

// withFinalizers returns object metadata.
func withFinalizers(name string, finalizers ...string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Finalizers: finalizers}
}

// deleteNamespace starts the deletion of a namespace.
func deleteNamespace(t testing.TB, c kubernetes.Interface, name string) {
	t.Helper()
	testutil.Check(t, c.CoreV1().Namespaces().Delete(t.Context(), name, metav1.DeleteOptions{}))
}

// awaitGone waits until a namespace does not exist any more.
func awaitGone(t testing.TB, c kubernetes.Interface, name string) {
	t.Helper()
	eventually(t, name+" is gone", func() bool {
		_, err := c.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}

// problems returns the conditions of a namespace that are true, as "type reason:
// message" in lines, and whether it has all conditions of a namespace that is being
// deleted.
func problems(t testing.TB, c kubernetes.Interface, name string) (problems string, complete bool) {
	t.Helper()
	ns, err := c.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
	testutil.Check(t, err)
	good := 0
	for _, condition := range ns.Status.Conditions {
		text := fmt.Sprintf("%s %s: %s\n", condition.Type, condition.Reason, condition.Message)
		if condition.Status == corev1.ConditionFalse && strings.Contains(allIsWell, text) {
			good++
			continue
		}
		problems += text
	}
	return strings.TrimSpace(problems), good+strings.Count(problems, "\n") == 5
}

// allIsWell are the conditions that kube-controller-manager v1.36.3 writes, with the
// status False, if it has deleted everything.
const allIsWell = `NamespaceDeletionDiscoveryFailure ResourcesDiscovered: All resources successfully discovered
NamespaceDeletionGroupVersionParsingFailure ParsedGroupVersions: All legacy kube types successfully parsed
NamespaceDeletionContentFailure ContentDeleted: All content successfully deleted, may be waiting on finalization
NamespaceContentRemaining ContentRemoved: All content successfully removed
NamespaceFinalizersRemaining ContentHasNoFinalizers: All content-preserving finalizers finished
`

// resourcesRemain and finalizersRemain begin the texts of conditions.
const (
	resourcesRemain  = "NamespaceContentRemaining SomeResourcesRemain: Some resources are remaining: "
	finalizersRemain = "NamespaceFinalizersRemaining SomeFinalizersRemain: Some content in the namespace has finalizers remaining: "
)

// expectProblems waits until a namespace has these problems, and no others.
func expectProblems(t testing.TB, c kubernetes.Interface, name, want string) {
	t.Helper()
	want = strings.TrimSpace(want)
	var got string
	defer func() {
		if t.Failed() {
			t.Logf("problems of %s:\n%s\nwant:\n%s", name, got, want)
		}
	}()
	eventually(t, "the conditions of "+name, func() (ok bool) {
		got, ok = problems(t, c, name)
		return ok && got == want
	})
}

// manyObjects creates objects of 20 resources, two of them custom, in a namespace. It
// returns the resources.
func manyObjects(t testing.TB, s *testserver.Server, ns string, each int) (resources []schema.GroupVersionResource) {
	t.Helper()
	client := dynamic.NewForConfigOrDie(s.Config)
	parse := func(group, version, resource string) schema.GroupVersionResource {
		return schema.GroupVersionResource{Group: group, Version: version, Resource: resource}
	}
	template := `"template":{"metadata":{"labels":{"a":"b"}},"spec":{"restartPolicy":"%s","containers":[{"name":"c","image":"i"}]}}`
	always, never := fmt.Sprintf(template, "Always"), fmt.Sprintf(template, "Never")
	selector := `"selector":{"matchLabels":{"a":"b"}}`
	manifests := []struct {
		resource schema.GroupVersionResource
		kind     string
		fields   string
	}{
		{parse("", "v1", "configmaps"), "ConfigMap", `"data":{"a":"b"}`},
		{parse("", "v1", "secrets"), "Secret", `"stringData":{"a":"b"}`},
		{parse("", "v1", "services"), "Service", `"spec":{"clusterIP":"None","ports":[{"port":80}]}`},
		{parse("", "v1", "serviceaccounts"), "ServiceAccount", `"secrets":[]`},
		{parse("", "v1", "pods"), "Pod", `"spec":{"containers":[{"name":"c","image":"i"}]}`},
		{parse("", "v1", "endpoints"), "Endpoints", `"subsets":[]`},
		{parse("", "v1", "limitranges"), "LimitRange", `"spec":{"limits":[]}`},
		{parse("", "v1", "replicationcontrollers"), "ReplicationController", `"spec":{"replicas":0,"selector":{"a":"b"},` + always + `}`},
		{parse("apps", "v1", "deployments"), "Deployment", `"spec":{` + selector + `,` + always + `}`},
		{parse("apps", "v1", "replicasets"), "ReplicaSet", `"spec":{` + selector + `,` + always + `}`},
		{parse("apps", "v1", "daemonsets"), "DaemonSet", `"spec":{` + selector + `,` + always + `}`},
		{parse("apps", "v1", "statefulsets"), "StatefulSet", `"spec":{"serviceName":"x",` + selector + `,` + always + `}`},
		{parse("batch", "v1", "jobs"), "Job", `"spec":{` + never + `}`},
		{parse("batch", "v1", "cronjobs"), "CronJob", `"spec":{"schedule":"* * * * *","jobTemplate":{"spec":{` + never + `}}}`},
		{parse("networking.k8s.io", "v1", "networkpolicies"), "NetworkPolicy", `"spec":{"podSelector":{}}`},
		{parse("policy", "v1", "poddisruptionbudgets"), "PodDisruptionBudget", `"spec":{"minAvailable":1,` + selector + `}`},
		{parse("rbac.authorization.k8s.io", "v1", "roles"), "Role", `"rules":[]`},
		{parse("coordination.k8s.io", "v1", "leases"), "Lease", `"spec":{"holderIdentity":"x"}`},
		{parse("many.example.com", "v1", "ones"), "One", `"spec":{}`},
		{parse("many.example.com", "v1", "twos"), "Two", `"spec":{}`},
	}
	for _, m := range manifests[18:] {
		establish(t, s.Config, definition(m.resource.Group, m.resource.Resource, m.kind, `{"type":"object","properties":{"spec":{"type":"object"}}}`))
		eventually(t, m.resource.Resource+" are served", func() bool {
			_, err := client.Resource(m.resource).List(t.Context(), metav1.ListOptions{})
			return err == nil
		})
	}
	var creators sync.WaitGroup
	for _, m := range manifests {
		resources = append(resources, m.resource)
		creators.Go(func() {
			for _, name := range numbered("o", each) {
				text := fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"name":%q},%s}`, m.resource.GroupVersion(), m.kind, name, m.fields)
				obj := &unstructured.Unstructured{}
				err := obj.UnmarshalJSON([]byte(text))
				if err == nil {
					_, err = client.Resource(m.resource).Namespace(ns).Create(t.Context(), obj, metav1.CreateOptions{})
				}
				if err != nil {
					t.Errorf("%s: %v", text, err)
					return
				}
			}
		})
	}
	creators.Wait()
	return resources
}
