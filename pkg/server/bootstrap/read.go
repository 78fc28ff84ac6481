package bootstrap

import (
	"context"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// The resources that the hooks read.
var (
	namespaceResource          = corev1.SchemeGroupVersion.WithResource("namespaces")
	configMapResource          = corev1.SchemeGroupVersion.WithResource("configmaps")
	serviceResource            = corev1.SchemeGroupVersion.WithResource("services")
	endpointsResource          = corev1.SchemeGroupVersion.WithResource("endpoints")
	endpointSliceResource      = discoveryv1.SchemeGroupVersion.WithResource("endpointslices")
	leaseResource              = coordinationv1.SchemeGroupVersion.WithResource("leases")
	ipAddressResource          = networkingv1.SchemeGroupVersion.WithResource("ipaddresses")
	serviceCIDRResource        = networkingv1.SchemeGroupVersion.WithResource("servicecidrs")
	priorityClassResource      = schedulingv1.SchemeGroupVersion.WithResource("priorityclasses")
	priorityLevelResource      = flowcontrolv1.SchemeGroupVersion.WithResource("prioritylevelconfigurations")
	flowSchemaResource         = flowcontrolv1.SchemeGroupVersion.WithResource("flowschemas")
	clusterRoleResource        = rbacv1.SchemeGroupVersion.WithResource("clusterroles")
	clusterRoleBindingResource = rbacv1.SchemeGroupVersion.WithResource("clusterrolebindings")
	roleResource               = rbacv1.SchemeGroupVersion.WithResource("roles")
	roleBindingResource        = rbacv1.SchemeGroupVersion.WithResource("rolebindings")
)

// read returns an object as it is in etcd. The caller may change it. The error is that of
// a GET request.
func read[T objects.Object](ctx context.Context, access *objects.Access, resource schema.GroupVersionResource, namespace, name string) (none T, _ error) {
	object, err := objects.GetLive[T](ctx, access, resource.GroupResource(), namespace, name)
	if err != nil {
		return none, err
	}
	return object.DeepCopyObject().(T), nil
}

// list returns all objects of a resource, which nobody may change: informers share them.
func list[L runtime.Object](ctx context.Context, access *objects.Access, resource schema.GroupVersionResource) (L, error) {
	return objects.List[L](objects.Following(ctx), access, resource, "", nil)
}
