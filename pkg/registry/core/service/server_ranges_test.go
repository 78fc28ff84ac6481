package service_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func TestDualStack(t *testing.T) {
	s := testserver.Start(t, testserver.Options{Flags: []string{"--service-cluster-ip-range=10.0.0.0/24,2001:db8::/112"}})
	client := kubernetes.NewForConfigOrDie(s.Config)
	api := client.CoreV1().Services("default")
	made, err := api.Create(t.Context(), named("web", corev1.ServiceSpec{IPFamilyPolicy: ptr.To(corev1.IPFamilyPolicyRequireDualStack)}), metav1.CreateOptions{})
	testutil.Check(t, err)
	ips := made.Spec.ClusterIPs
	if len(ips) != 2 || !strings.Contains(ips[1], ":") {
		t.Fatalf("addresses: %v", ips)
	}
	made, err = api.Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"ipFamilyPolicy":"SingleStack"}}`), metav1.PatchOptions{})
	testutil.Check(t, err)
	if got := addresses(t, client); len(made.Spec.ClusterIPs) != 1 || slices.Contains(got, ips[1]) || !slices.Contains(got, ips[0]) {
		t.Errorf("single stack: %v, %v", made.Spec.ClusterIPs, got)
	}
	made, err = api.Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"ipFamilyPolicy":"PreferDualStack"}}`), metav1.PatchOptions{})
	testutil.Check(t, err)
	if len(made.Spec.ClusterIPs) != 2 || len(made.Spec.IPFamilies) != 2 {
		t.Errorf("dual stack again: %v", made.Spec)
	}
}

// TestServiceCIDRs checks that addresses are allocated from added ranges, and
// that used ranges cannot be deleted.
func TestServiceCIDRs(t *testing.T) {
	s := testserver.Start(t, testserver.Options{Flags: []string{"--service-cluster-ip-range=10.0.0.0/29"}})
	client := kubernetes.NewForConfigOrDie(s.Config)
	api, cidrs := client.CoreV1().Services("default"), client.NetworkingV1().ServiceCIDRs()
	for i := range 5 {
		_, err := api.Create(t.Context(), named(fmt.Sprint("s", i), corev1.ServiceSpec{}), metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	if _, err := api.Create(t.Context(), named("full", corev1.ServiceSpec{}), metav1.CreateOptions{}); err == nil {
		t.Error("a sixth address of six, of which the kubernetes service has one")
	}
	_, err := cidrs.Create(t.Context(),
		&networkingv1.ServiceCIDR{ObjectMeta: metav1.ObjectMeta{Name: "more"}, Spec: networkingv1.ServiceCIDRSpec{CIDRs: []string{"10.1.0.0/28"}}},
		metav1.CreateOptions{})
	testutil.Check(t, err)
	eventually(t, func(ctx context.Context) bool {
		made, err := api.Create(ctx, named("more", corev1.ServiceSpec{}), metav1.CreateOptions{})
		return err == nil && strings.HasPrefix(made.Spec.ClusterIP, "10.1.0.")
	})
	testutil.Check(t, cidrs.Delete(t.Context(), "more", metav1.DeleteOptions{}))
	eventually(t, func(ctx context.Context) bool {
		_, err := api.Create(ctx, named("gone", corev1.ServiceSpec{ClusterIP: "10.1.0.3"}), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err != nil && strings.Contains(err.Error(), "the provided network does not match the current range")
	})
	// The server creates the default range again.
	testutil.Check(t, cidrs.Delete(t.Context(), "kubernetes", metav1.DeleteOptions{}))
	eventually(t, func(ctx context.Context) bool {
		have, err := cidrs.Get(ctx, "kubernetes", metav1.GetOptions{})
		return err == nil && have.DeletionTimestamp == nil && len(have.Status.Conditions) == 1 && have.Status.Conditions[0].Status == metav1.ConditionTrue
	})
}

func eventually(t *testing.T, done func(context.Context) bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) { return done(ctx), nil })
	testutil.Check(t, err)
}

// TestEndpointReconcilers checks the endpoints of the service "kubernetes" for
// each type of endpoint reconciler.
func TestEndpointReconcilers(t *testing.T) {
	t.Parallel()
	for reconciler, want := range map[string]string{"lease": "192.0.2.7", "master-count": "192.0.2.7", "none": ""} {
		s := testserver.Start(t, testserver.Options{Flags: []string{"--advertise-address=192.0.2.7", "--endpoint-reconciler-type=" + reconciler}})
		client := kubernetes.NewForConfigOrDie(s.Config)
		_, err := client.CoreV1().Services("default").Get(t.Context(), "kubernetes", metav1.GetOptions{})
		testutil.Check(t, err)
		var got string
		switch endpoints, err := client.CoreV1().Endpoints("default").Get(t.Context(), "kubernetes", metav1.GetOptions{}); {
		case apierrors.IsNotFound(err):
		case err != nil:
			t.Errorf("%s: %v", reconciler, err)
		case len(endpoints.Subsets) > 0:
			got = endpoints.Subsets[0].Addresses[0].IP
		}
		if got != want {
			t.Errorf("%s: the endpoint is %q, not %q", reconciler, got, want)
		}
	}
}
