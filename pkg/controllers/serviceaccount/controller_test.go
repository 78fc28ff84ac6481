package serviceaccount_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestAccount uses a server with default flags.
func TestAccount(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t).Config).CoreV1()
	// await waits until the account exists, and is not the one with this UID.
	await := func(namespace string, not types.UID) *corev1.ServiceAccount {
		t.Helper()
		var account *corev1.ServiceAccount
		testutil.Check(t, wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
			var err error
			account, err = c.ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return false, nil
			}
			return err == nil && account.UID != not, err
		}))
		return account
	}
	for _, namespace := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} {
		await(namespace, "")
	}

	_, err := c.Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "new"}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	first := await("new", "")
	testutil.Check(t, c.ServiceAccounts("new").Delete(t.Context(), "default", metav1.DeleteOptions{}))
	await("new", first.UID)

	// In a namespace that is being deleted, the account stays away.
	testutil.Check(t, c.Namespaces().Delete(t.Context(), "new", metav1.DeleteOptions{}))
	testutil.Check(t, c.ServiceAccounts("new").Delete(t.Context(), "default", metav1.DeleteOptions{}))
	_, err = c.Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "newer"}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	await("newer", "") // the controller has seen the deletion before
	if _, err := c.ServiceAccounts("new").Get(t.Context(), "default", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the account of a namespace that is being deleted: %v", err)
	}
}
