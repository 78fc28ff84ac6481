package e2e

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestServiceAccountsAreInForceAtOnce creates, changes and deletes service
// accounts. The request after the answer must meet the new state.
func TestServiceAccountsAreInForceAtOnce(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t).Config).CoreV1()
	for round := range 20 {
		// A controller creates the account of the new namespace, for which the
		// request waits.
		namespace := fmt.Sprintf("accounts-%d", round)
		_, err := c.Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: named(namespace)}, metav1.CreateOptions{})
		testutil.Check(t, err)
		// try returns what becomes of a pod: an error, or the account and the number
		// of volumes.
		try := func(account string) string {
			p := pod("p")
			p.Spec.ServiceAccountName = account
			p, err := c.Pods(namespace).Create(t.Context(), p, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if err != nil {
				return err.Error()
			}
			return fmt.Sprintf("%s, %d volumes", p.Spec.ServiceAccountName, len(p.Spec.Volumes))
		}
		expect := func(account, want string) {
			t.Helper()
			if got := try(account); got != want {
				t.Fatalf("round %d: %s, want %s", round, got, want)
			}
		}
		accounts := c.ServiceAccounts(namespace)
		expect("", "default, 1 volumes")
		const missing = `pods "p" is forbidden: error looking up service account %s/mine: serviceaccount "mine" not found`
		expect("mine", fmt.Sprintf(missing, namespace))
		_, err = accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: named("mine")}, metav1.CreateOptions{})
		testutil.Check(t, err)
		expect("mine", "mine, 1 volumes")
		for _, change := range []struct{ token, want string }{{"false", "mine, 0 volumes"}, {"true", "mine, 1 volumes"}} {
			_, err := accounts.Patch(t.Context(), "mine", types.MergePatchType, []byte(`{"automountServiceAccountToken":`+change.token+`}`), metav1.PatchOptions{})
			testutil.Check(t, err)
			expect("mine", change.want)
		}
		testutil.Check(t, accounts.Delete(t.Context(), "mine", metav1.DeleteOptions{}))
		expect("mine", fmt.Sprintf(missing, namespace))
	}
}
