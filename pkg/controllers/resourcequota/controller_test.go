package resourcequota_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/resourcequota"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

var widgets = schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "widgets"}

func widget(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": name}}}
}

// defineWidgets creates the definition of widgets and waits until they are served.
func defineWidgets(t *testing.T, s *testserver.Server) {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "widgets.example.com"}}
	crd.Spec = apiextensionsv1.CustomResourceDefinitionSpec{
		Group: "example.com", Scope: apiextensionsv1.NamespaceScoped, Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "widgets", Kind: "Widget"},
		Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true,
			Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object"}}}}}
	_, err := clientset.NewForConfigOrDie(s.Config).ApiextensionsV1().CustomResourceDefinitions().Create(t.Context(), crd, metav1.CreateOptions{})
	testutil.Check(t, err)
	eventually(t, "widgets are served", func(ctx context.Context) (string, bool) {
		_, err := dynamic.NewForConfigOrDie(s.Config).Resource(widgets).Namespace("default").List(ctx, metav1.ListOptions{})
		return fmt.Sprint(err), err == nil
	})
}

// eventually waits until holds returns true. It fails with the text that holds has
// returned last.
func eventually(t *testing.T, what string, holds func(context.Context) (string, bool)) {
	t.Helper()
	var last string
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 60*time.Second, true, func(ctx context.Context) (ok bool, err error) {
		last, ok = holds(ctx)
		return ok, nil
	})
	if err != nil {
		t.Fatalf("%s: %v; last: %s", what, err, last)
	}
}

// limits returns a quota with these limits.
func limits(hard map[string]string, scopes ...corev1.ResourceQuotaScope) *corev1.ResourceQuota {
	q := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "q"}, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{}, Scopes: scopes}}
	for name, quantity := range hard {
		q.Spec.Hard[corev1.ResourceName(name)] = resource.MustParse(quantity)
	}
	return q
}

// status returns the usage and limits of a quota, by name.
func status(q *corev1.ResourceQuota) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(q.Status.Hard)) {
		used, hard := q.Status.Used[name], q.Status.Hard[name]
		all = append(all, fmt.Sprintf("%s=%s/%s", name, used.String(), hard.String()))
	}
	return strings.Join(all, " ")
}

// TestStatus changes quotas and objects, and waits until the status tells it.
func TestStatus(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=" + resourcequota.Name, "--disable-admission-plugins=ServiceAccount"}})
	defineWidgets(t, s)
	c, objects := kubernetes.NewForConfigOrDie(s.Config), dynamic.NewForConfigOrDie(s.Config).Resource(widgets).Namespace("default")
	pods, maps := c.CoreV1().Pods("default"), c.CoreV1().ConfigMaps("default")
	services, quotas := c.CoreV1().Services("default"), c.CoreV1().ResourceQuotas("default")
	create, now := metav1.CreateOptions{}, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}
	must := func(_ any, err error) { t.Helper(); testutil.Check(t, err) }
	pod := func(name string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i",
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("100m")}}}}}}
	}
	expect := func(what, want string) {
		t.Helper()
		eventually(t, what, func(ctx context.Context) (string, bool) {
			q, err := quotas.Get(ctx, "q", metav1.GetOptions{})
			return fmt.Sprint(status(q), err), err == nil && status(q) == want
		})
	}
	for _, name := range []string{"a", "b"} {
		must(pods.Create(t.Context(), pod(name), create))
		must(maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, create))
		must(objects.Create(t.Context(), widget(name), create))
	}
	must(services.Create(t.Context(), &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "s"},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 1}}}}, create))

	must(quotas.Create(t.Context(), limits(map[string]string{
		"pods": "3", "requests.cpu": "1", "configmaps": "3", "count/widgets.example.com": "3", "services.nodeports": "1"}), create))
	expect("new quota", "configmaps=2/3 count/widgets.example.com=2/3 pods=2/3 requests.cpu=200m/1 services.nodeports=1/1")
	must(pods.Create(t.Context(), pod("c"), create))
	must(objects.Create(t.Context(), widget("c"), create))
	expect("creation", "configmaps=2/3 count/widgets.example.com=3/3 pods=3/3 requests.cpu=300m/1 services.nodeports=1/1")
	_, err := pods.Create(t.Context(), pod("d"), create)
	if want := `pods "d" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3`; fmt.Sprint(err) != want {
		t.Errorf("a pod too many: %v, want %s", err, want)
	}
	testutil.Check(t, pods.Delete(t.Context(), "a", now))
	must(pods.Patch(t.Context(), "b", types.MergePatchType, []byte(`{"status": {"phase": "Succeeded"}}`), metav1.PatchOptions{}, "status"))
	testutil.Check(t, maps.Delete(t.Context(), "a", now))
	testutil.Check(t, objects.Delete(t.Context(), "a", now))
	must(services.Patch(t.Context(), "s", types.MergePatchType, []byte(`{"spec": {"type": "ClusterIP", "ports": [{"port": 1, "nodePort": 0}]}}`),
		metav1.PatchOptions{}))
	expect("deletion and change", "configmaps=1/3 count/widgets.example.com=2/3 pods=1/3 requests.cpu=100m/1 services.nodeports=0/1")

	q, err := quotas.Get(t.Context(), "q", metav1.GetOptions{})
	testutil.Check(t, err)
	q.Spec.Hard = limits(map[string]string{"pods": "9", "secrets": "5"}).Spec.Hard
	must(quotas.Update(t.Context(), q, metav1.UpdateOptions{}))
	expect("other limits", "pods=1/9 secrets=0/5")

	testutil.Check(t, quotas.Delete(t.Context(), "q", metav1.DeleteOptions{}))
	must(quotas.Create(t.Context(), limits(map[string]string{"pods": "9"}, corev1.ResourceQuotaScopeNotTerminating), create))
	expect("scope", "pods=1/9")
	must(pods.Patch(t.Context(), "c", types.MergePatchType, []byte(`{"spec": {"activeDeadlineSeconds": 1000}}`), metav1.PatchOptions{}))
	expect("out of the scope", "pods=0/9")
}

// TestAbsentResource limits custom resources before their definition exists, and
// after it is deleted.
func TestAbsentResource(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=" + resourcequota.Name, "--disable-admission-plugins=ServiceAccount"}})
	quotas := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ResourceQuotas("default")
	expect := func(what, want string) {
		t.Helper()
		eventually(t, what, func(ctx context.Context) (string, bool) {
			q, err := quotas.Get(ctx, "q", metav1.GetOptions{})
			return fmt.Sprint(status(q), err), err == nil && status(q) == want && len(q.Status.Used) == strings.Count(want, "=")
		})
	}
	_, err := quotas.Create(t.Context(), limits(map[string]string{"count/widgets.example.com": "3"}), metav1.CreateOptions{})
	testutil.Check(t, err)
	eventually(t, "limits in force", func(ctx context.Context) (string, bool) {
		q, err := quotas.Get(ctx, "q", metav1.GetOptions{})
		return fmt.Sprint(status(q), err), err == nil && len(q.Status.Hard) == 1 && len(q.Status.Used) == 0
	})
	defineWidgets(t, s)
	expect("definition", "count/widgets.example.com=0/3")
	_, err = dynamic.NewForConfigOrDie(s.Config).Resource(widgets).Namespace("default").Create(t.Context(), widget("a"), metav1.CreateOptions{})
	testutil.Check(t, err)
	expect("creation", "count/widgets.example.com=1/3")
	definitions := clientset.NewForConfigOrDie(s.Config).ApiextensionsV1().CustomResourceDefinitions()
	testutil.Check(t, definitions.Delete(t.Context(), "widgets.example.com", metav1.DeleteOptions{}))
	expect("deleted with the definition", "count/widgets.example.com=0/3")
}
