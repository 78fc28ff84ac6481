package namespace_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestDelete checks that a namespace exists until its last finalizer has been
// removed. No controller removes the finalizer that this test uses.
func TestDelete(t *testing.T) {
	client := kubernetes.NewForConfigOrDie(testserver.Start(t).Config).CoreV1()
	namespaces := client.Namespaces()
	ctx := t.Context()
	ns, err := namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"},
		Spec: corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{"example.com/test"}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ns.Labels[corev1.LabelMetadataName] != ns.Name || len(ns.Spec.Finalizers) != 2 {
		t.Errorf("created: %+v", ns)
	}

	for _, wrong := range []*metav1.Preconditions{{UID: ptr.To(ns.UID + "x")}, {ResourceVersion: ptr.To("1")}} {
		if err := namespaces.Delete(ctx, ns.Name, metav1.DeleteOptions{Preconditions: wrong}); !apierrors.IsConflict(err) {
			t.Errorf("delete with %v: %v", wrong, err)
		}
	}
	for range 2 {
		if err := namespaces.Delete(ctx, ns.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if ns, err = namespaces.Get(ctx, ns.Name, metav1.GetOptions{}); err != nil {
			t.Fatal(err)
		}
		if ns.Status.Phase != corev1.NamespaceTerminating || ns.DeletionTimestamp.IsZero() {
			t.Errorf("deleted: %+v", ns)
		}
	}

	ns.Spec.Finalizers, ns.ResourceVersion = nil, ""
	if _, err := namespaces.Finalize(ctx, ns, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := namespaces.Get(ctx, ns.Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after the last finalizer: %v", err)
	}

	err = client.RESTClient().Delete().Resource("namespaces").Do(ctx).Error()
	if !apierrors.IsMethodNotSupported(err) {
		t.Errorf("delete collection: %v", err)
	}
}
