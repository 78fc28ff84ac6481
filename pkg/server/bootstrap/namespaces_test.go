package bootstrap_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestSystemNamespacesComeBack deletes a system namespace, removes its
// finalizer in place of the namespace controller, and waits until the server
// has created it again.
func TestSystemNamespacesComeBack(t *testing.T) {
	ctx := t.Context()
	namespaces := kubernetes.NewForConfigOrDie(testserver.Start(t).Config).CoreV1().Namespaces()
	for _, name := range []string{"default", "kube-system", "kube-public"} {
		if err := namespaces.Delete(ctx, name, metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
			t.Errorf("deleting %s: %v", name, err)
		}
	}
	if err := namespaces.Delete(ctx, corev1.NamespaceNodeLease, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	old, err := namespaces.Get(ctx, corev1.NamespaceNodeLease, metav1.GetOptions{})
	if err != nil || old.Status.Phase != corev1.NamespaceTerminating {
		t.Fatalf("after the deletion: %v, %v", old.Status.Phase, err)
	}
	finalized := old.DeepCopy()
	finalized.Spec.Finalizers = nil
	if _, err := namespaces.Finalize(ctx, finalized, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		again, err := namespaces.Get(ctx, corev1.NamespaceNodeLease, metav1.GetOptions{})
		if err == nil && again.UID != old.UID && again.Status.Phase == corev1.NamespaceActive {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the namespace was not created again")
}
