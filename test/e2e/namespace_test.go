package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestNamespaceConditions compares the conditions with those that
// kube-controller-manager v1.36.3 has written.
func TestNamespaceConditions(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: namespaceFlags})
	c, client := kubernetes.NewForConfigOrDie(s.Config), dynamic.NewForConfigOrDie(s.Config)
	gizmos := establish(t, s.Config, definition("nsx.example.com", "gizmos", "Gizmo", `{"type":"object"}`))
	gizmoResource := resourceOf(gizmos, "v1")
	addGizmo := func(t *testing.T, ns, name string, finalizers ...string) {
		gizmo := custom(gizmos, "v1", name, nil)
		gizmo.SetFinalizers(finalizers)
		eventually(t, "gizmos are served", func() bool {
			_, err := client.Resource(gizmoResource).Namespace(ns).Create(t.Context(), gizmo, metav1.CreateOptions{})
			return err == nil
		})
	}
	addConfigMap := func(t *testing.T, ns, name string, finalizers ...string) {
		_, err := c.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: withFinalizers(name, finalizers...)}, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	addSecret := func(t *testing.T, ns, name string, finalizers ...string) {
		_, err := c.CoreV1().Secrets(ns).Create(t.Context(), &corev1.Secret{ObjectMeta: withFinalizers(name, finalizers...)}, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	// refuse makes the deletion of objects of a resource fail in a namespace.
	refuse := func(t *testing.T, ns, resource string) (again func()) {
		hook := validatingHook(resource+"."+ns+".example.com", clientConfig{URL: ptr.To("https://127.0.0.1:1/x")}, on("", "v1", resource, "DELETE"))
		hook.TimeoutSeconds = ptr.To[int32](1)
		hook.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: ns}}
		validate(t, c, resource+"."+ns, hook)
		return func() {
			hooks := c.AdmissionregistrationV1().ValidatingWebhookConfigurations()
			testutil.Check(t, hooks.Delete(t.Context(), resource+"."+ns, metav1.DeleteOptions{}))
		}
	}
	release := func(t *testing.T, ns string, resource schema.GroupVersionResource, name string) {
		_, err := client.Resource(resource).Namespace(ns).Patch(t.Context(), name, types.MergePatchType, removeFinalizers, metav1.PatchOptions{})
		testutil.Check(t, err)
	}
	configMaps, secrets := corev1.SchemeGroupVersion.WithResource("configmaps"), corev1.SchemeGroupVersion.WithResource("secrets")

	for _, test := range []struct {
		name string
		// prepare fills the namespace; solve removes what keeps it.
		prepare func(t *testing.T, ns string) (solve func())
		want    string
	}{
		{"finalizers", func(t *testing.T, ns string) func() {
			addConfigMap(t, ns, "a", "example.com/one")
			addConfigMap(t, ns, "b", "example.com/one", "example.com/two")
			addConfigMap(t, ns, "c")
			addSecret(t, ns, "s", "example.com/two")
			return func() {
				release(t, ns, configMaps, "a")
				expectProblems(t, c, ns, resourcesRemain+"configmaps. has 1 resource instances, secrets. has 1 resource instances\n"+
					finalizersRemain+"example.com/one in 1 resource instances, example.com/two in 2 resource instances")
				release(t, ns, configMaps, "b")
				release(t, ns, secrets, "s")
			}
		}, resourcesRemain + "configmaps. has 2 resource instances, secrets. has 1 resource instances\n" +
			finalizersRemain + "example.com/one in 2 resource instances, example.com/two in 2 resource instances"},
		{"custom-resources", func(t *testing.T, ns string) func() {
			addGizmo(t, ns, "g0")
			addGizmo(t, ns, "g1", "example.com/g")
			addGizmo(t, ns, "g2", "example.com/g")
			d := &appsv1.Deployment{ObjectMeta: withFinalizers("d", "example.com/d"), Spec: appsv1.DeploymentSpec{
				Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}},
				Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"a": "b"}}, Spec: pod("").Spec}}}
			_, err := c.AppsV1().Deployments(ns).Create(t.Context(), d, metav1.CreateOptions{})
			testutil.Check(t, err)
			return func() {
				release(t, ns, gizmoResource, "g1")
				release(t, ns, gizmoResource, "g2")
				release(t, ns, appsv1.SchemeGroupVersion.WithResource("deployments"), "d")
			}
		}, resourcesRemain + "deployments.apps has 1 resource instances, gizmos.nsx.example.com has 2 resource instances\n" +
			finalizersRemain + "example.com/d in 1 resource instances, example.com/g in 2 resource instances"},
		{"refused", func(t *testing.T, ns string) func() {
			again, andAgain := refuse(t, ns, "configmaps"), refuse(t, ns, "secrets")
			addConfigMap(t, ns, "a")
			addConfigMap(t, ns, "b")
			addSecret(t, ns, "s")
			return func() {
				again()
				andAgain()
			}
		}, `NamespaceDeletionContentFailure ContentDeletionFailed: Failed to delete all resource types, 2 remaining: ` +
			`Internal error occurred: failed calling webhook "configmaps.refused.example.com": failed to call webhook: ` +
			`Post "https://127.0.0.1:1/x?timeout=1s": dial tcp 127.0.0.1:1: connect: connection refused, ` +
			`Internal error occurred: failed calling webhook "secrets.refused.example.com": failed to call webhook: ` +
			`Post "https://127.0.0.1:1/x?timeout=1s": dial tcp 127.0.0.1:1: connect: connection refused`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ensureNamespace(t, s, test.name)
			solve := test.prepare(t, test.name)
			deleteNamespace(t, c, test.name)
			expectProblems(t, c, test.name, test.want)
			solve()
			awaitGone(t, c, test.name)
		})
	}
}

// TestNamespaceWithDeadAPI checks that a namespace stays as long as an aggregated API
// does not answer, which may have objects in it, and that the other contents go.
func TestNamespaceWithDeadAPI(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: namespaceFlags})
	c := kubernetes.NewForConfigOrDie(s.Config)
	services := clientset.NewForConfigOrDie(s.Config).ApiregistrationV1().APIServices()
	for _, gv := range []schema.GroupVersion{{Group: "dead.example.com", Version: "v1"}, {Group: "deader.example.com", Version: "v1beta1"}} {
		_, err := services.Create(t.Context(), &apiregistrationv1.APIService{ObjectMeta: named(gv.Version + "." + gv.Group), Spec: apiregistrationv1.APIServiceSpec{
			Group: gv.Group, Version: gv.Version, InsecureSkipTLSVerify: true, GroupPriorityMinimum: 100, VersionPriority: 10,
			Service: &apiregistrationv1.ServiceReference{Namespace: "default", Name: "none"}}}, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	discovered := func() error {
		_, err := c.Discovery().ServerPreferredNamespacedResources()
		return err
	}
	eventually(t, "the discovery tells of the APIs", func() bool { return discovered() != nil && strings.Contains(discovered().Error(), "deader") })
	ensureNamespace(t, s, "dead")
	create(t, c, "dead", "a")
	deleteNamespace(t, c, "dead")
	expectProblems(t, c, "dead", `NamespaceDeletionDiscoveryFailure DiscoveryFailed: Discovery failed for some groups, 2 failing: `+
		`unable to retrieve the complete list of server APIs: dead.example.com/v1: stale GroupVersion discovery: dead.example.com/v1, `+
		`deader.example.com/v1beta1: stale GroupVersion discovery: deader.example.com/v1beta1`)
	left, err := c.CoreV1().ConfigMaps("dead").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(left.Items) > 0 {
		t.Errorf("config maps: %v, %v", left.Items, err)
	}
	for _, name := range []string{"v1.dead.example.com", "v1beta1.deader.example.com"} {
		testutil.Check(t, services.Delete(t.Context(), name, metav1.DeleteOptions{}))
	}
	awaitGone(t, c, "dead")
}

// TestNamespacePods checks that other objects stay until the pods have gone, and that
// pods get their grace period.
func TestNamespacePods(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: namespaceFlags})
	c := kubernetes.NewForConfigOrDie(s.Config)
	for _, test := range []struct {
		name   string
		change func(*corev1.Pod)
		end    func(t *testing.T, ns string)
		want   string
	}{
		{"graceful", func(p *corev1.Pod) {
			p.Spec.NodeName, p.Spec.TerminationGracePeriodSeconds = "node", ptr.To[int64](600)
		},
			func(t *testing.T, ns string) {
				p, err := c.CoreV1().Pods(ns).Get(t.Context(), "p", metav1.GetOptions{})
				if err != nil || *p.DeletionGracePeriodSeconds != 600 {
					t.Errorf("grace period of %v, %v", p.DeletionGracePeriodSeconds, err)
				}
				testutil.Check(t, c.CoreV1().Pods(ns).Delete(t.Context(), "p", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
			},
			resourcesRemain + "pods. has 1 resource instances"},
		{"finalizer", func(p *corev1.Pod) { p.Finalizers = []string{"example.com/f"} },
			func(t *testing.T, ns string) {
				_, err := c.CoreV1().Pods(ns).Patch(t.Context(), "p", types.MergePatchType, removeFinalizers, metav1.PatchOptions{})
				testutil.Check(t, err)
			},
			resourcesRemain + "pods. has 1 resource instances\n" +
				finalizersRemain + "example.com/f in 1 resource instances"},
		{"overdue", func(p *corev1.Pod) { p.Spec.NodeName, p.Spec.TerminationGracePeriodSeconds = "node", ptr.To[int64](1) },
			func(t *testing.T, ns string) {
				testutil.Check(t, c.CoreV1().Pods(ns).Delete(t.Context(), "p", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
			},
			`NamespaceDeletionContentFailure ContentDeletionFailed: Failed to delete all resource types, 1 remaining: ` +
				"unexpected items still remain in namespace: overdue for gvr: /v1, Resource=pods\n" +
				resourcesRemain + "pods. has 1 resource instances"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ensureNamespace(t, s, test.name)
			create(t, c, test.name, "a")
			p := pod("p")
			test.change(p)
			_, err := c.CoreV1().Pods(test.name).Create(t.Context(), p, metav1.CreateOptions{})
			testutil.Check(t, err)
			_, err = c.CoreV1().Pods(test.name).Create(t.Context(), pod("unassigned"), metav1.CreateOptions{})
			testutil.Check(t, err)
			deleteNamespace(t, c, test.name)
			expectProblems(t, c, test.name, test.want)
			if left, err := c.CoreV1().ConfigMaps(test.name).Get(t.Context(), "a", metav1.GetOptions{}); err != nil || left.DeletionTimestamp != nil {
				t.Errorf("the config map was deleted before the pod: %v", err)
			}
			test.end(t, test.name)
			awaitGone(t, c, test.name)
		})
	}
}

// TestNamespaceFinalizersOfOthers checks that only the finalizer kubernetes is removed.
func TestNamespaceFinalizersOfOthers(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: namespaceFlags}).Config)
	const mine = corev1.FinalizerName("example.com/mine")
	ns := &corev1.Namespace{ObjectMeta: withFinalizers("kept", "example.com/meta"), Spec: corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{mine}}}
	_, err := c.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{})
	testutil.Check(t, err)
	create(t, c, "kept", "a")
	deleteNamespace(t, c, "kept")
	eventually(t, "only the other finalizer is left", func() bool {
		ns, err = c.CoreV1().Namespaces().Get(t.Context(), "kept", metav1.GetOptions{})
		return err == nil && len(ns.Spec.Finalizers) == 1 && ns.Spec.Finalizers[0] == mine
	})
	if list, err := c.CoreV1().ConfigMaps("kept").List(t.Context(), metav1.ListOptions{}); err != nil || len(list.Items) > 0 {
		t.Errorf("config maps: %v, %v", list.Items, err)
	}
	ns.Spec.Finalizers = nil
	_, err = c.CoreV1().Namespaces().Finalize(t.Context(), ns, metav1.UpdateOptions{})
	testutil.Check(t, err)
	_, err = c.CoreV1().Namespaces().Patch(t.Context(), "kept", types.MergePatchType, removeFinalizers, metav1.PatchOptions{})
	testutil.Check(t, err)
	awaitGone(t, c, "kept")
}

// TestNamespaceRecreated deletes and creates a namespace many times. Each time it is
// empty at first, and what is created in it stays, also when a client creates objects
// during the deletion, and when the definition of a resource is new.
func TestNamespaceRecreated(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: namespaceFlags})
	c, client := kubernetes.NewForConfigOrDie(s.Config), dynamic.NewForConfigOrDie(s.Config)
	ctx, cancel := context.WithCancel(t.Context())
	var others sync.WaitGroup
	defer others.Wait()
	defer cancel()
	for i := range 2 {
		others.Go(func() {
			for j := 0; ctx.Err() == nil; j++ {
				_, _ = c.CoreV1().Secrets("again").Create(ctx, &corev1.Secret{ObjectMeta: named(fmt.Sprintf("s-%d-%d", i, j))}, metav1.CreateOptions{})
			}
		})
	}
	for i := range 10 {
		ensureNamespace(t, s, "again")
		create(t, c, "again", "a", "b")
		crd := establish(t, s.Config, definition("again.example.com", fmt.Sprintf("toys%d", i), fmt.Sprintf("Toy%d", i), `{"type":"object"}`))
		toys := client.Resource(resourceOf(crd, "v1")).Namespace("again")
		eventually(t, "toys are served", func() bool {
			_, err := toys.Create(t.Context(), custom(crd, "v1", "toy", nil), metav1.CreateOptions{})
			return err == nil
		})
		deleteNamespace(t, c, "again")
		awaitGone(t, c, "again")
		if left, err := toys.List(t.Context(), metav1.ListOptions{}); err != nil || len(left.Items) > 0 {
			t.Fatalf("%d toys are left, %v", len(left.Items), err)
		}
		left, err := c.CoreV1().Secrets("again").List(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
		if len(left.Items) > 0 {
			t.Fatalf("%d secrets are left", len(left.Items))
		}
	}
}

// TestNamespaceWithManyObjects deletes a namespace with 1,000 objects of 20 resources.
// Each time it also restarts the server in the middle.
func TestNamespaceWithManyObjects(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart=%v", restart), func(t *testing.T) {
			flags := append([]string{"--data-dir=" + t.TempDir()}, namespaceFlags...)
			s := testserver.Start(t, testserver.Options{Flags: flags})
			ensureNamespace(t, s, "many")
			resources := manyObjects(t, s, "many", 50)
			if t.Failed() {
				return
			}
			start := time.Now()
			deleteNamespace(t, kubernetes.NewForConfigOrDie(s.Config), "many")
			if restart {
				testutil.Check(t, s.Stop())
				s = testserver.Start(t, testserver.Options{Flags: flags})
				start = time.Now()
			}
			awaitGone(t, kubernetes.NewForConfigOrDie(s.Config), "many")
			t.Logf("gone after %v", time.Since(start))
			for _, resource := range resources {
				var list *metav1.PartialObjectMetadataList
				eventually(t, resource.Resource+" are served", func() (ok bool) {
					var err error
					list, err = metadata.NewForConfigOrDie(s.Config).Resource(resource).Namespace("many").List(t.Context(), metav1.ListOptions{})
					return err == nil
				})
				if len(list.Items) > 0 {
					t.Errorf("%d %s are left", len(list.Items), resource)
				}
			}
		})
	}
}
