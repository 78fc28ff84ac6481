// Package bootstrap has the post-start hooks: the objects that a cluster has
// from the start.
package bootstrap

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
)

// AddHooks adds all hooks, under kube-apiserver's names.
func AddHooks(server *genericapiserver.GenericAPIServer, client kubernetes.Interface, informers informers.SharedInformerFactory, info AuthenticationInfo) error {
	for _, hook := range []struct {
		name string
		run  genericapiserver.PostStartHookFunc
	}{
		{"start-system-namespaces-controller", namespaces(client, informers)},
		{"start-cluster-authentication-info-controller", authenticationInfo(client, info)},
		{"storage-readiness", server.StorageReadinessHook.Hook},
		{"rbac/bootstrap-roles", roles(client, informers)},
		{"start-legacy-token-tracking-controller", legacyTokenTracking(client)},
		{"scheduling/bootstrap-system-priority-classes", priorityClasses(client)},
		{"priority-and-fairness-config-producer", flowControl(client)},
	} {
		if err := server.AddPostStartHook(hook.name, hook.run); err != nil {
			return err
		}
	}
	return nil
}

// resyncInterval is how often the bootstrap objects are looked at without a
// reason; upstream looks only then.
const resyncInterval = time.Minute

// keep calls ensure in every interval and whenever something was deleted, until
// the context ends.
func keep(ctx context.Context, deleted <-chan struct{}, ensure func(context.Context) error) {
	defer utilruntime.HandleCrashWithContext(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-deleted:
		case <-time.After(resyncInterval):
		}
		if err := ensure(ctx); err != nil && ctx.Err() == nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Keeping the bootstrap objects; trying again")
		}
	}
}

// unlessExists is the error of a creation, which an object that is there
// already is not: another server, or the last start, has made it.
func unlessExists(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// retry repeats what fails while the server is still starting.
func retry(ctx context.Context, f func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		last = f(ctx)
		return last == nil, nil
	})
	if err != nil && last != nil {
		return last
	}
	return err
}
