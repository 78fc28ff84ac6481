package bootstrap

import (
	"fmt"

	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/priorityclass"
)

// priorityClasses creates the system priority classes.
func priorityClasses(n Needs) genericapiserver.PostStartHookFunc {
	return func(hook genericapiserver.PostStartHookContext) error {
		for _, class := range priorityclass.System() {
			if err := createMissing(hook, n.Objects, priorityClassResource, n.Client.SchedulingV1().PriorityClasses(), class); err != nil {
				return fmt.Errorf("priority class %s: %w", class.Name, err)
			}
		}
		return nil
	}
}
