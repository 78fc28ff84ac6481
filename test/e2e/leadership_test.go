package e2e

import (
	"context"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// compete takes part in elections as components do, with client-go, until the test ends. The channel
// receives the name each time that it begins to lead.
func compete(t *testing.T, config *restclient.Config, name, emulation string, leaders chan<- string) {
	t.Helper()
	config = restclient.CopyConfig(config)
	config.WarningHandlerWithContext = restclient.NoWarnings{}
	client := kubernetes.NewForConfigOrDie(config)
	candidate, _, err := leaderelection.NewCandidate(client, "default", name, "lock", "1.37.0", emulation, coordinationv1.OldestEmulationVersion)
	testutil.Check(t, err)
	ctx := t.Context()
	go candidate.Run(ctx)
	go func() {
		for ctx.Err() == nil {
			leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
				Lock: &resourcelock.LeaseLock{LeaseMeta: metav1.ObjectMeta{Namespace: "default", Name: "lock"}, Client: client.CoordinationV1(),
					LockConfig: resourcelock.ResourceLockConfig{Identity: name}},
				LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 500 * time.Millisecond, Coordinated: true,
				Callbacks: leaderelection.LeaderCallbacks{
					OnStartedLeading: func(context.Context) { leaders <- name },
					OnStoppedLeading: func() {},
				},
			})
		}
	}()
}

// TestCoordinatedLeaderElection lets a component with an older version take the place of another one, as
// in an upgrade.
func TestCoordinatedLeaderElection(t *testing.T) {
	t.Parallel()
	_, config := serve(t, t.TempDir(), "--feature-gates=CoordinatedLeaderElection=true", "--runtime-config=coordination.k8s.io/v1beta1=true")
	healthOf(t, config, "/livez/poststarthook/start-kube-apiserver-coordinated-leader-election-controller", 200, "ok")
	leases := kubernetes.NewForConfigOrDie(config).CoordinationV1().Leases("default")
	leaders := make(chan string, 10)
	next := func(want string) {
		t.Helper()
		select {
		case got := <-leaders:
			if got != want {
				t.Errorf("%s leads, not %s", got, want)
			}
		case <-time.After(patience):
			t.Fatalf("%s does not become the leader", want)
		}
		got, err := leases.Get(t.Context(), "lock", metav1.GetOptions{})
		testutil.Check(t, err)
		if s := got.Spec; *s.HolderIdentity != want || ptr.Deref(s.Strategy, "") != coordinationv1.OldestEmulationVersion || s.PreferredHolder != nil {
			t.Errorf("%+v", s)
		}
	}
	compete(t, config, "newer", "1.37.0", leaders)
	next("newer")
	compete(t, config, "older", "1.36.0", leaders)
	next("older")
}
