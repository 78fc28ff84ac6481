package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/disruption"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/podgc"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestControllersPodGC waits for the deletion of pods that no node would end: after the
// next look, and after the quarantine of the node.
func TestControllersPodGC(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: controllersOnly(podgc.Name)}).Config)
	pods := c.CoreV1().Pods("default")
	running(t, c, "x", "orphan", "10.1.0.1", true)
	unscheduled := pod("unscheduled")
	unscheduled.Finalizers = []string{"example.com/f"}
	_, err := pods.Create(t.Context(), unscheduled, metav1.CreateOptions{})
	testutil.Check(t, err)
	testutil.Check(t, pods.Delete(t.Context(), "unscheduled", metav1.DeleteOptions{}))
	await := func(what string, holds func(context.Context) (bool, error)) {
		t.Helper()
		if err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 3*time.Minute, true, holds); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	await("the unscheduled pod fails", func(ctx context.Context) (bool, error) {
		p, err := pods.Get(ctx, "unscheduled", metav1.GetOptions{})
		return err == nil && p.Status.Phase == corev1.PodFailed, err
	})
	if _, err := pods.Get(t.Context(), "orphan", metav1.GetOptions{}); err != nil {
		t.Errorf("the orphan before the quarantine is over: %v", err)
	}
	await("the orphan goes", func(ctx context.Context) (bool, error) {
		_, err := pods.Get(ctx, "orphan", metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
}

// TestControllersDisruption evicts pods of a custom workload until the budget is used up.
func TestControllersDisruption(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: controllersOnly(disruption.Name)})
	c := kubernetes.NewForConfigOrDie(s.Config)
	crd := definition("disruption.example.com", "farms", "Farm", `{"type":"object","x-kubernetes-preserve-unknown-fields":true}`)
	crd.Spec.Versions[0].Subresources = &apiextensionsv1.CustomResourceSubresources{
		Scale: &apiextensionsv1.CustomResourceSubresourceScale{SpecReplicasPath: ".spec.replicas", StatusReplicasPath: ".status.replicas"}}
	crd = establish(t, s.Config, crd)
	farms := dynamic.NewForConfigOrDie(s.Config).Resource(resourceOf(crd, "v1")).Namespace("default")
	var owner metav1.OwnerReference
	eventually(t, "farms are served", func() bool {
		farm, err := farms.Create(t.Context(), custom(crd, "v1", "farm", map[string]any{"replicas": int64(4)}), metav1.CreateOptions{})
		if err == nil {
			owner = *metav1.NewControllerRef(farm, farm.GroupVersionKind())
		}
		return err == nil
	})
	budget := &policyv1.PodDisruptionBudget{ObjectMeta: named("b"), Spec: policyv1.PodDisruptionBudgetSpec{
		MaxUnavailable: ptr.To(intstr.FromString("25%")), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "farm"}}}}
	_, err := c.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), budget, metav1.CreateOptions{})
	testutil.Check(t, err)
	expect := func(what, want string) {
		t.Helper()
		eventually(t, what+": "+want, func() bool {
			b, err := c.PolicyV1().PodDisruptionBudgets("default").Get(t.Context(), "b", metav1.GetOptions{})
			testutil.Check(t, err)
			return fmt.Sprint(b.Status.DisruptionsAllowed, b.Status.CurrentHealthy, b.Status.DesiredHealthy, b.Status.ExpectedPods) == want
		})
	}
	for i := range 4 {
		name := fmt.Sprint("p", i)
		p := pod(name)
		p.Labels, p.Spec.NodeName, p.OwnerReferences = map[string]string{"app": "farm"}, "node", []metav1.OwnerReference{owner}
		_, err := c.CoreV1().Pods("default").Create(t.Context(), p, metav1.CreateOptions{})
		testutil.Check(t, err)
		setReady(t, c, name, "10.1.0.1", true)
	}
	expect("all are ready", "1 4 3 4")
	evict := func(name string) error {
		eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
		return c.CoreV1().RESTClient().Post().Namespace("default").Resource("pods").Name(name).SubResource("eviction").
			MaxRetries(0).Body(eviction).Do(t.Context()).Error()
	}
	testutil.Check(t, evict("p0"))
	expect("one is evicted", "0 3 3 4")
	if err := evict("p1"); !apierrors.IsTooManyRequests(err) {
		t.Errorf("a second eviction: %v", err)
	}
	running(t, c, "farm", "unmanaged", "10.1.0.9", true)
	expect("another pod is ready", "1 4 3 4")
}
