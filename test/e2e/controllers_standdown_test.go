package e2e

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/garbagecollector"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/namespace"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// managerLease is the Lease that a kube-controller-manager holds.
type managerLease struct {
	t *testing.T
	c kubernetes.Interface
}

// write makes the Lease that of a holder, which renews it now.
func (l managerLease) write(holder string, seconds int32) {
	l.t.Helper()
	leases := l.c.CoordinationV1().Leases("kube-system")
	lease := &coordinationv1.Lease{ObjectMeta: named("kube-controller-manager"), Spec: coordinationv1.LeaseSpec{
		HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: ptr.To(metav1.NowMicro())}}
	current, err := leases.Get(l.t.Context(), lease.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = leases.Create(l.t.Context(), lease, metav1.CreateOptions{})
	} else if err == nil {
		current.Spec = lease.Spec
		_, err = leases.Update(l.t.Context(), current, metav1.UpdateOptions{})
	}
	testutil.Check(l.t, err)
}

// account creates a namespace, and reports whether it gets a service account soon.
func (l managerLease) account(name string) bool {
	l.t.Helper()
	_, err := l.c.CoreV1().Namespaces().Create(l.t.Context(), &corev1.Namespace{ObjectMeta: named(name)}, metav1.CreateOptions{})
	testutil.Check(l.t, err)
	return l.has(name, 500*time.Millisecond)
}

// has reports whether a namespace has a service account after some time at most.
func (l managerLease) has(name string, within time.Duration) bool {
	l.t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		_, err := l.c.CoreV1().ServiceAccounts(name).Get(l.t.Context(), "default", metav1.GetOptions{})
		if err == nil || time.Now().After(end) {
			return err == nil
		}
	}
}

// TestStandDown holds and releases the Lease of kube-controller-manager. While it is
// held, no controller of the server does anything; afterwards they catch up.
func TestStandDown(t *testing.T) {
	t.Parallel()
	dir := "--data-dir=" + t.TempDir()
	options := testserver.Options{Flags: []string{dir, "--controllers=" + serviceaccount.Name + "," + namespace.Name + "," + garbagecollector.Name}}
	s, err := testserver.New(t.Context(), options)
	testutil.Check(t, err)
	defer func() { testutil.Check(t, s.Stop()) }()
	l := managerLease{t, kubernetes.NewForConfigOrDie(s.Config)}
	running := func(name string) {
		t.Helper()
		if l.account(name); !l.has(name, patience) {
			t.Fatalf("the controllers do not run: %s has no service account", name)
		}
	}
	running("before")

	l.write("real", 3600)
	eventually(t, "the controllers stand down", func() bool { return !l.account("during-" + time.Now().Format("150405.000000")[7:]) })
	if l.account("during") {
		t.Error("a service account was created while the lease was held")
	}
	deleteNamespace(t, l.c, "before")
	lease, err := l.c.CoordinationV1().Leases("kube-system").Get(t.Context(), "kube-controller-manager", metav1.GetOptions{})
	if err != nil || *lease.Spec.HolderIdentity != "real" {
		t.Errorf("the lease is %v, %v", lease, err)
	}

	// A server that starts meanwhile stands down from the beginning.
	testutil.Check(t, s.Stop())
	s, err = testserver.New(t.Context(), options)
	testutil.Check(t, err)
	l.c = kubernetes.NewForConfigOrDie(s.Config)
	if l.account("restarted") {
		t.Error("a service account was created after a restart while the lease was held")
	}
	if _, err := l.c.CoreV1().Namespaces().Get(t.Context(), "before", metav1.GetOptions{}); err != nil {
		t.Errorf("the namespace was removed while the lease was held: %v", err)
	}

	l.write("", 1) // is what kube-controller-manager writes when it stops
	for _, name := range []string{"during", "restarted"} {
		if !l.has(name, patience) {
			t.Errorf("%s has no service account after the lease was released", name)
		}
	}
	awaitGone(t, l.c, "before")

	l.write("crashed", 2)
	eventually(t, "the controllers run when the lease has expired", func() bool { return l.account("after-" + time.Now().Format("150405.000000")[7:]) })
	f := newFamily(t, s.Config, "collected")
	f.run([]string{"create a", "create b a", "create c absent", "delete a Background", "= "})
}
