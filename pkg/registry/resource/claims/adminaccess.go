package claims

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// AdminAccess decides where claims may have administrative access: in namespaces
// with the label resource.kubernetes.io/admin-access=true (KEP-5018). Customize
// tells it where the namespaces are.
type AdminAccess struct {
	objects *objects.Access
}

// Customize is registry.Resource.Customize.
func (a *AdminAccess) Customize(_ *genericregistry.Store, deps registry.Deps) {
	a.objects = deps.Objects
}

// ValidateSpec refuses the first request for administrative access, if the
// namespace does not allow it.
func (a *AdminAccess) ValidateSpec(ctx context.Context, spec *resourcev1.ResourceClaimSpec, namespace string) field.ErrorList {
	for i, r := range spec.Devices.Requests {
		if r.Exactly != nil && ptr.Deref(r.Exactly.AdminAccess, false) {
			return a.validate(ctx, namespace, field.NewPath("spec", "devices", "requests").Index(i).Child("adminAccess"))
		}
	}
	return nil
}

// ValidateAllocation refuses the first device that is allocated for administrative
// access, if the namespace does not allow it.
func (a *AdminAccess) ValidateAllocation(ctx context.Context, allocation *resourcev1.AllocationResult, namespace string) field.ErrorList {
	for i, result := range allocation.Devices.Results {
		if ptr.Deref(result.AdminAccess, false) {
			return a.validate(ctx, namespace, field.NewPath("status", "allocation", "devices", "results").Index(i).Child("adminAccess"))
		}
	}
	return nil
}

func (a *AdminAccess) validate(ctx context.Context, namespace string, p *field.Path) field.ErrorList {
	allowed, err := a.allowed(ctx, namespace)
	switch {
	case err != nil:
		return field.ErrorList{field.InternalError(p, err)}
	case !allowed:
		return field.ErrorList{field.Forbidden(p, "admin access to devices requires the `"+resourcev1.DRAAdminNamespaceLabelKey+
			": true` label on the containing namespace")}
	}
	return nil
}

// allowed reads the namespace from etcd: a label that was taken away has no effect
// any more.
func (a *AdminAccess) allowed(ctx context.Context, namespace string) (bool, error) {
	if a.objects == nil {
		return false, nil
	}
	ns, err := objects.GetLive[*corev1.Namespace](ctx, a.objects, corev1.Resource("namespaces"), "", namespace)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return ns.Labels[resourcev1.DRAAdminNamespaceLabelKey] == "true", nil
}
