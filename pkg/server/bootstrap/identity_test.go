package bootstrap

import (
	"slices"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestCollectIdentityLeases checks which leases are deleted: those of servers
// that have not renewed them in time, but no leases of others.
func TestCollectIdentityLeases(t *testing.T) {
	now := time.Now()
	renewed := func(ago time.Duration) coordinationv1.LeaseSpec {
		return coordinationv1.LeaseSpec{LeaseDurationSeconds: ptr.To[int32](3600), RenewTime: &metav1.MicroTime{Time: now.Add(-ago)}}
	}
	client := fake.NewClientset()
	leases := client.CoordinationV1().Leases(metav1.NamespaceSystem)
	for name, c := range map[string]struct {
		component string
		spec      coordinationv1.LeaseSpec
	}{
		"current":         {"kube-apiserver", renewed(59 * time.Minute)},
		"expired":         {"kube-apiserver", renewed(61 * time.Minute)},
		"without-time":    {"kube-apiserver", coordinationv1.LeaseSpec{LeaseDurationSeconds: ptr.To[int32](3600)}},
		"without-length":  {"kube-apiserver", coordinationv1.LeaseSpec{RenewTime: &metav1.MicroTime{Time: now}}},
		"other-component": {"sample-apiserver", renewed(61 * time.Minute)},
	} {
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{identityLabel: c.component}}, Spec: c.spec}
		_, err := leases.Create(t.Context(), lease, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	testutil.Check(t, collectIdentityLeases(t.Context(), needsOf(client), now))
	list, err := leases.List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	var left []string
	for _, lease := range list.Items {
		left = append(left, lease.Name)
	}
	slices.Sort(left)
	if want := []string{"current", "other-component"}; !slices.Equal(left, want) {
		t.Errorf("left: %v, want %v", left, want)
	}
}
