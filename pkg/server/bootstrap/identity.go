package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-helpers/apimachinery/lease"
	"k8s.io/utils/clock"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// The identity lease of a server tells others that the server is running
// (KEP-1965, feature gate APIServerIdentity). The intervals are
// kube-apiserver's.
const (
	identityLabel         = "apiserver.kubernetes.io/identity"
	identityLeaseDuration = time.Hour
	identityRenewInterval = 10 * time.Second
	namespaceInterval     = 20 * time.Millisecond
)

// identityLease maintains the lease of the server with this ID, and deletes it
// when the server stops.
func identityLease(server *genericapiserver.GenericAPIServer, n Needs) genericapiserver.PostStartHookFunc {
	namespaces := n.Informers.Core().V1().Namespaces().Lister()
	holder := server.APIServerID + "_" + string(uuid.NewUUID())
	controller := lease.NewController(clock.RealClock{}, n.Client, holder, int32(identityLeaseDuration/time.Second), nil,
		identityRenewInterval, server.APIServerID, metav1.NamespaceSystem, n.labelIdentity)
	err := server.AddPreShutdownHook("stop-kube-apiserver-identity-lease-controller", func() error {
		controller.Stop()
		return nil
	})
	return func(hook genericapiserver.PostStartHookContext) error {
		if err != nil {
			return err
		}
		go func() {
			// Another hook creates the namespace. The admission plugin
			// NamespaceLifecycle would let the lease wait for it for longer.
			err := wait.PollUntilContextCancel(hook, namespaceInterval, true, func(context.Context) (bool, error) {
				_, err := namespaces.Get(metav1.NamespaceSystem)
				return err == nil, nil
			})
			if err == nil {
				_ = controller.Start(hook.Done()) // it reports its errors itself, and always returns nil
			}
		}()
		return nil
	}
}

// labelIdentity adds the labels by which others find identity leases.
func (n Needs) labelIdentity(lease *coordinationv1.Lease) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	lease.Labels = labels.Merge(lease.Labels, labels.Set{identityLabel: "kube-apiserver", corev1.LabelHostname: host})
	if n.Identify != nil {
		n.Identify(lease)
	}
	return nil
}

// identityLeaseCollector deletes the leases of servers that have not renewed
// them for so long that they have expired.
func identityLeaseCollector(n Needs) genericapiserver.PostStartHookFunc {
	return func(hook genericapiserver.PostStartHookContext) error {
		go func() {
			collect := func(ctx context.Context) error { return collectIdentityLeases(ctx, n, time.Now()) }
			_ = retry(hook, collect)
			keep(hook, identityLeaseDuration, nil, collect)
		}()
		return nil
	}
}

func collectIdentityLeases(ctx context.Context, n Needs, now time.Time) error {
	leases := n.Client.CoordinationV1().Leases(metav1.NamespaceSystem)
	list, err := objects.List[*coordinationv1.LeaseList](ctx, n.Objects, leaseResource, metav1.NamespaceSystem, labels.Set{identityLabel: "kube-apiserver"})
	if err != nil {
		return fmt.Errorf("identity leases: %w", err)
	}
	var errs []error
	for i := range list.Items {
		l := &list.Items[i]
		if !expired(l, now) {
			continue
		}
		// The precondition keeps a lease that its server has renewed meanwhile.
		err := leases.Delete(ctx, l.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &l.UID, ResourceVersion: &l.ResourceVersion}})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			errs = append(errs, fmt.Errorf("expired identity lease %s: %w", l.Name, err))
		}
	}
	return errors.Join(errs...)
}

// expired reports whether a lease has expired. A lease without a time or a
// duration counts as expired, because every server writes both.
func expired(l *coordinationv1.Lease, now time.Time) bool {
	if l.Spec.RenewTime == nil || l.Spec.LeaseDurationSeconds == nil {
		return true
	}
	return l.Spec.RenewTime.Add(time.Duration(*l.Spec.LeaseDurationSeconds) * time.Second).Before(now)
}
