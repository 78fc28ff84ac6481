package leadership

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// lockName is the lease, in kube-system, of the API server that coordinates elections. It is
// kube-apiserver's, so that both can serve the same cluster.
const lockName = "leader-election-controller"

// namespaceInterval is the time between two looks for the namespace of the lease.
const namespaceInterval = 50 * time.Millisecond

// Times are those of the election among the API servers.
type Times struct{ LeaseDuration, RenewDeadline, RetryPeriod time.Duration }

// AddHook adds the post-start hook that takes part in the election among the API servers and
// coordinates the elections of others while it leads.
func AddHook(server *genericapiserver.GenericAPIServer, client kubernetes.Interface, times Times) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	config := leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: lockName},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: host + "_" + uuid.NewString()},
		},
		LeaseDuration: times.LeaseDuration, RenewDeadline: times.RenewDeadline, RetryPeriod: times.RetryPeriod,
		ReleaseOnCancel: true,
		Name:            lockName,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) { coordinate(ctx, client) },
			OnStoppedLeading: func() {},
		},
	}
	// One that is never run tells now whether the times fit together.
	if _, err := leaderelection.NewLeaderElector(config); err != nil {
		return fmt.Errorf("--coordinated-leadership-*: %w", err)
	}
	return server.AddPostStartHook("start-kube-apiserver-coordinated-leader-election-controller", func(hook genericapiserver.PostStartHookContext) error {
		go func() {
			if awaitNamespace(hook, client) == nil {
				lead(hook, config)
			}
		}()
		return nil
	})
}

// awaitNamespace waits until another hook has created the namespace of the lease. Its error is that of
// the context.
func awaitNamespace(ctx context.Context, client kubernetes.Interface) error {
	return wait.PollUntilContextCancel(ctx, namespaceInterval, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
		return err == nil, nil
	})
}

// lead takes part in elections, one after the other, until the context ends.
func lead(ctx context.Context, config leaderelection.LeaderElectionConfig) {
	for ctx.Err() == nil {
		elector, err := leaderelection.NewLeaderElector(config)
		if err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Coordinated leader election")
			return
		}
		elector.Run(ctx)
	}
}
