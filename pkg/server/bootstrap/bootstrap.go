// Package bootstrap contains the post-start hooks that create the objects which
// exist in every cluster from the start, such as the system namespaces, the
// RBAC policy and the kubernetes service, and that keep these objects up to
// date.
package bootstrap

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	genericfeatures "k8s.io/apiserver/pkg/features"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// Needs is what the hooks need.
type Needs struct {
	// Client may do everything; Informers uses it.
	Client    kubernetes.Interface
	Informers informers.SharedInformerFactory
	// Objects reads from the storage. The hooks read there and write by requests: a request
	// takes longer, and makes the routes of its resource.
	Objects *objects.Access
	// Authentication and Services are the configurations of hooks.
	Authentication AuthenticationInfo
	Services       Services
	// Serves and ServesVersion report whether the server serves a resource, and anything
	// of a group version.
	Serves        func(schema.GroupVersionResource) bool
	ServesVersion func(schema.GroupVersion) bool
	// Controls reports whether the server runs a controller.
	Controls func(controller string) bool
	// RootCA returns the certificates, in PEM, with which clients verify the server.
	RootCA func() ([]byte, error)
	// Identify, if not nil, adds to the server's identity lease.
	Identify func(lease metav1.Object)
}

// AddNamespaces adds the hook that creates the system namespaces. It is kube-apiserver's first
// one, before those for other API servers.
func AddNamespaces(server *genericapiserver.GenericAPIServer, n Needs) error {
	return server.AddPostStartHook("start-system-namespaces-controller", namespaces(n))
}

// AddHooks adds all other hooks under kube-apiserver's names. It leaves out those
// whose objects are not served: for example, a server without RBAC resources
// does not create roles.
func AddHooks(server *genericapiserver.GenericAPIServer, n Needs) error {
	type hook = genericapiserver.PostStartHookFunc
	const always = true
	served := n.Serves
	hasServices := served(corev1.SchemeGroupVersion.WithResource("services"))
	hasIdentity := served(coordinationv1.SchemeGroupVersion.WithResource("leases")) && features.Enabled(genericfeatures.APIServerIdentity)
	for _, hook := range []struct {
		name string
		when bool
		run  func() hook
	}{
		{"start-cluster-authentication-info-controller", always, func() hook { return authenticationInfo(n) }},
		{"start-kube-apiserver-identity-lease-controller", hasIdentity, func() hook { return identityLease(server, n) }},
		{"start-kube-apiserver-identity-lease-garbage-collector", hasIdentity, func() hook { return identityLeaseCollector(n) }},
		{"storage-readiness", always, func() hook { return server.StorageReadinessHook.Hook }},
		{"start-legacy-token-tracking-controller", always, func() hook { return legacyTokenTracking(n) }},
		{"start-service-ip-repair-controllers", hasServices, func() hook { return repairServices(n) }},
		{"rbac/bootstrap-roles", served(rbacv1.SchemeGroupVersion.WithResource("clusterroles")), func() hook { return roles(n) }},
		{"scheduling/bootstrap-system-priority-classes", served(schedulingv1.SchemeGroupVersion.WithResource("priorityclasses")),
			func() hook { return priorityClasses(n) }},
		{"priority-and-fairness-config-producer", always, func() hook { return flowControl(n) }},
		{"bootstrap-controller", hasServices, func() hook { return kubernetesService(server, n) }},
		{"start-kubernetes-service-cidr-controller", served(networkingv1.SchemeGroupVersion.WithResource("servicecidrs")),
			func() hook { return defaultServiceCIDR(n) }},
	} {
		if !hook.when {
			continue
		}
		if err := server.AddPostStartHook(hook.name, hook.run()); err != nil {
			return err
		}
	}
	return nil
}

// resyncInterval is the interval at which the bootstrap objects are checked
// even if nothing has signalled a change. kube-apiserver checks them only at
// this interval.
const resyncInterval = time.Minute

// keep calls ensure after each interval and after each change, until the
// context ends. changed may be nil.
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
			utilruntime.HandleErrorWithContext(ctx, err, "Failed to ensure the bootstrap objects, will retry")
		}
	}
}

// unlessExists returns the error of a create request, but nil if the object
// exists already: another server, or an earlier start, has created it.
func unlessExists(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// createMissing creates an object that does not exist, and tries again if this fails.
// It looks first: a server whose objects exist has to start also if a webhook or a
// policy refuses every creation, or else nobody could remove that.
func createMissing[T objects.Object](ctx context.Context, access *objects.Access, resource schema.GroupVersionResource, client creator[T], object T) error {
	return retry(ctx, func(ctx context.Context) error {
		if _, err := read[T](ctx, access, resource, "", object.GetName()); !apierrors.IsNotFound(err) {
			return err
		}
		_, err := client.Create(ctx, object, metav1.CreateOptions{})
		return unlessExists(err)
	})
}

// creator has the method of a typed client that createMissing uses.
type creator[T metav1.Object] interface {
	Create(ctx context.Context, object T, options metav1.CreateOptions) (T, error)
}

// retry repeats a function that may fail while the server is still starting.
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
