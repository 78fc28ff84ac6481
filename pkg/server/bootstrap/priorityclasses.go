package bootstrap

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/priorityclass"
)

// priorityClasses creates the system priority classes.
func priorityClasses(client kubernetes.Interface) genericapiserver.PostStartHookFunc {
	return func(hook genericapiserver.PostStartHookContext) error {
		for _, class := range priorityclass.System() {
			err := retry(hook, func(ctx context.Context) error {
				_, err := client.SchedulingV1().PriorityClasses().Create(ctx, class, metav1.CreateOptions{})
				return unlessExists(err)
			})
			if err != nil {
				return fmt.Errorf("priority class %s: %w", class.Name, err)
			}
		}
		return nil
	}
}
