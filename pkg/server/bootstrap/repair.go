package bootstrap

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// repairInterval is the interval at which the allocations are compared with the
// services.
const repairInterval = 3 * time.Minute

// repairServices makes the allocated addresses and ports agree with those of
// the existing services, at the start and then periodically.
func repairServices(n Needs) genericapiserver.PostStartHookFunc {
	repair := allocation.NewRepair(n.Services.Allocation, n.Client, storedServices{n.Objects})
	return func(hook genericapiserver.PostStartHookContext) error {
		if err := retry(hook, repair.Run); err != nil {
			return fmt.Errorf("addresses and ports of services: %w", err)
		}
		go keep(hook, repairInterval, nil, repair.Run)
		return nil
	}
}

// storedServices reads what the repair compares from the storage.
type storedServices struct{ objects *objects.Access }

// IPAddresses implements allocation.Stored.
func (s storedServices) IPAddresses(ctx context.Context) (*networkingv1.IPAddressList, error) {
	return list[*networkingv1.IPAddressList](ctx, s.objects, ipAddressResource)
}

// Services implements allocation.Stored.
func (s storedServices) Services(ctx context.Context) (*corev1.ServiceList, error) {
	return list[*corev1.ServiceList](ctx, s.objects, serviceResource)
}
