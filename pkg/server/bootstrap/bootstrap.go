// Package bootstrap has the post-start hooks: the objects that a cluster has
// from the start.
package bootstrap

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// AddHooks adds all hooks, under kube-apiserver's names, but those whose objects
// are not served: a cluster without RBAC needs no roles.
func AddHooks(server *genericapiserver.GenericAPIServer, client kubernetes.Interface, informers informers.SharedInformerFactory,
	info AuthenticationInfo, services Services, served func(schema.GroupVersionResource) bool) error {
	type hook = genericapiserver.PostStartHookFunc
	always := schema.GroupVersionResource{}
	servicesResource := corev1.SchemeGroupVersion.WithResource("services")
	for _, hook := range []struct {
		name  string
		needs schema.GroupVersionResource
		run   func() hook
	}{
		{"start-system-namespaces-controller", always, func() hook { return namespaces(client, informers) }},
		{"start-cluster-authentication-info-controller", always, func() hook { return authenticationInfo(client, info) }},
		{"storage-readiness", always, func() hook { return server.StorageReadinessHook.Hook }},
		{"start-legacy-token-tracking-controller", always, func() hook { return legacyTokenTracking(client) }},
		{"start-service-ip-repair-controllers", servicesResource, func() hook { return repairServices(client, services) }},
		{"rbac/bootstrap-roles", rbacv1.SchemeGroupVersion.WithResource("clusterroles"), func() hook { return roles(client, informers) }},
		{"scheduling/bootstrap-system-priority-classes", schedulingv1.SchemeGroupVersion.WithResource("priorityclasses"),
			func() hook { return priorityClasses(client) }},
		{"priority-and-fairness-config-producer", always, func() hook { return flowControl(client) }},
		{"bootstrap-controller", servicesResource, func() hook { return kubernetesService(server, client, informers, services) }},
		{"start-kubernetes-service-cidr-controller", networkingv1.SchemeGroupVersion.WithResource("servicecidrs"),
			func() hook { return defaultServiceCIDR(client, informers, services) }},
	} {
		if hook.needs != always && !served(hook.needs) {
			continue
		}
		if err := server.AddPostStartHook(hook.name, hook.run()); err != nil {
			return err
		}
	}
	return nil
}

// resyncInterval is how often the bootstrap objects are looked at without a
// reason; upstream looks only then.
const resyncInterval = time.Minute

// keep calls ensure after every interval and whenever something has changed,
// until the context ends. changed may be nil.
func keep(ctx context.Context, interval time.Duration, changed signals.Pulse, ensure func(context.Context) error) {
	defer utilruntime.HandleCrashWithContext(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-time.After(interval):
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
