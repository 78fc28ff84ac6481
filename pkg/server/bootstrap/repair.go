package bootstrap

import (
	"fmt"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
)

// repairInterval is the interval at which the allocations are compared with the
// services.
const repairInterval = 3 * time.Minute

// repairServices makes the allocated addresses and ports agree with those of
// the existing services, at the start and then periodically.
func repairServices(client kubernetes.Interface, services Services) genericapiserver.PostStartHookFunc {
	repair := allocation.NewRepair(services.Allocation, client)
	return func(hook genericapiserver.PostStartHookContext) error {
		if err := retry(hook, repair.Run); err != nil {
			return fmt.Errorf("addresses and ports of services: %w", err)
		}
		go keep(hook, repairInterval, nil, repair.Run)
		return nil
	}
}
