// Package bootstrap has the post-start hooks: the objects that a cluster has
// from the start.
package bootstrap

import (
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
)

// AddHooks adds all hooks, under kube-apiserver's names.
func AddHooks(server *genericapiserver.GenericAPIServer, client kubernetes.Interface, informers informers.SharedInformerFactory) error {
	for _, hook := range []struct {
		name string
		run  genericapiserver.PostStartHookFunc
	}{
		{"storage-readiness", server.StorageReadinessHook.Hook},
		{"start-system-namespaces-controller", namespaces(client, informers)},
		{"scheduling/bootstrap-system-priority-classes", priorityClasses(client)},
		{"priority-and-fairness-config-producer", flowControl(client, informers)},
	} {
		if err := server.AddPostStartHook(hook.name, hook.run); err != nil {
			return err
		}
	}
	return nil
}
