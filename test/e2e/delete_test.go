package e2e

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestPropagation checks the finalizer that each policy leaves for the garbage
// collector.
func TestPropagation(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	deployments, ctx := client.AppsV1().Deployments(ns), t.Context()
	labels := map[string]string{"app": "web"}
	for policy, want := range map[metav1.DeletionPropagation]string{
		"":                                 "",
		metav1.DeletePropagationBackground: "",
		metav1.DeletePropagationForeground: metav1.FinalizerDeleteDependents,
		metav1.DeletePropagationOrphan:     metav1.FinalizerOrphanDependents,
	} {
		_, err := deployments.Create(ctx, &appsv1.Deployment{ObjectMeta: named("web"), Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod("").Spec},
		}}, metav1.CreateOptions{})
		testutil.Check(t, err)
		options := metav1.DeleteOptions{}
		if policy != "" {
			options.PropagationPolicy = &policy
		}
		testutil.Check(t, deployments.Delete(ctx, "web", options))
		got, err := deployments.Get(ctx, "web", metav1.GetOptions{})
		if want == "" {
			if !apierrors.IsNotFound(err) {
				t.Errorf("%q: %v, %v", policy, got.ObjectMeta, err)
			}
			continue
		}
		testutil.Check(t, err)
		if got.DeletionTimestamp == nil || !slices.Contains(got.Finalizers, want) {
			t.Errorf("%q: finalizers %v", policy, got.Finalizers)
		}
		_, err = deployments.Patch(ctx, "web", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		testutil.Check(t, err)
	}
	err := deployments.Delete(ctx, "web", metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletionPropagation("Sideways"))})
	if !apierrors.IsInvalid(err) {
		t.Errorf("an unknown policy: %v", err)
	}
}

func TestFinalizers(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	c, ctx := client.CoreV1().ConfigMaps(ns), t.Context()
	held := configMap("held")
	held.Finalizers = []string{"example.com/a", "example.com/b"}
	_, err := c.Create(ctx, held, metav1.CreateOptions{})
	testutil.Check(t, err)
	testutil.Check(t, c.Delete(ctx, "held", metav1.DeleteOptions{}))
	testutil.Check(t, c.Delete(ctx, "held", metav1.DeleteOptions{})) // once more changes nothing
	got, err := c.Get(ctx, "held", metav1.GetOptions{})
	testutil.Check(t, err)
	if got.DeletionTimestamp == nil {
		t.Error("no deletion time")
	}
	got.Finalizers = append(got.Finalizers, "example.com/c")
	if _, err := c.Update(ctx, got, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("a new finalizer after the deletion: %v", err)
	}
	for _, left := range [][]string{{"example.com/b"}, nil} {
		got.Finalizers = left
		got, err = c.Update(ctx, got, metav1.UpdateOptions{})
		testutil.Check(t, err)
	}
	if _, err := c.Get(ctx, "held", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after the last finalizer: %v", err)
	}
}

func TestDeleteCollection(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	c, ctx := client.CoreV1().ConfigMaps(ns), t.Context()
	for _, name := range numbered("many", 30) {
		object := configMap(name)
		if name >= "many-00020" {
			object.Labels = map[string]string{"keep": "true"}
		}
		if name == "many-00000" {
			object.Finalizers = []string{"example.com/hold"}
		}
		_, err := c.Create(ctx, object, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	testutil.Check(t, c.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "!keep"}))
	list, err := c.List(ctx, metav1.ListOptions{})
	testutil.Check(t, err)
	if len(list.Items) != 11 || list.Items[0].Name != "many-00000" || list.Items[0].DeletionTimestamp == nil {
		t.Errorf("%d are left, the first is %v", len(list.Items), list.Items[0].ObjectMeta)
	}
	orphan := metav1.DeletePropagationOrphan
	testutil.Check(t, c.DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: &orphan}, metav1.ListOptions{FieldSelector: "metadata.name=many-00029"}))
	got, err := c.Get(ctx, "many-00029", metav1.GetOptions{})
	if err != nil || !slices.Contains(got.Finalizers, metav1.FinalizerOrphanDependents) {
		t.Errorf("orphaned: %v, %v", got, err)
	}
}

// TestGracefulDeletion deletes a pod on a node, which the kubelet has to
// confirm, and one that is not scheduled, which goes at once.
func TestGracefulDeletion(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	pods, ctx := client.CoreV1().Pods(ns), t.Context()
	running := pod("running")
	running.Spec.NodeName = "some-node"
	for _, p := range []*corev1.Pod{running, pod("pending")} {
		_, err := pods.Create(ctx, p, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	events, err := pods.Watch(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=some-node"})
	testutil.Check(t, err)
	defer events.Stop()

	testutil.Check(t, pods.Delete(ctx, "pending", metav1.DeleteOptions{}))
	if _, err := pods.Get(ctx, "pending", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a pending pod after its deletion: %v", err)
	}
	for _, seconds := range []int64{30, 10} { // the grace can become shorter
		options := metav1.DeleteOptions{}
		if seconds != 30 {
			options.GracePeriodSeconds = &seconds
		}
		testutil.Check(t, pods.Delete(ctx, "running", options))
		got, err := pods.Get(ctx, "running", metav1.GetOptions{})
		testutil.Check(t, err)
		if got.DeletionTimestamp == nil || *got.DeletionGracePeriodSeconds != seconds {
			t.Errorf("grace %v, not %d", got.DeletionGracePeriodSeconds, seconds)
		}
	}
	// The kubelet confirms: the grace becomes zero, and the pod goes.
	testutil.Check(t, pods.Delete(ctx, "running", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
	if _, err := pods.Get(ctx, "running", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after the confirmation: %v", err)
	}
	for _, want := range []watch.EventType{watch.Added, watch.Modified, watch.Modified, watch.Modified, watch.Deleted} {
		if event := next(t, events); event.Type != want {
			t.Errorf("event %s, not %s", event.Type, want)
		}
	}
}
