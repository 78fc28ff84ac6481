package claims

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// namespaces is storage with namespaces that have the label with this value.
type namespaces map[string]string

func (n namespaces) Get(_ context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	value, ok := n[name]
	if !ok {
		return nil, apierrors.NewNotFound(corev1.Resource("namespaces"), name)
	}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"resource.kubernetes.io/admin-access": value}}}, nil
}

func TestAdminAccess(t *testing.T) {
	access := &objects.Access{}
	access.Add(corev1.Resource("namespaces"), namespaces{"admin": "true", "upper": "True", "other": ""})
	a := &AdminAccess{}
	a.Customize(nil, registry.Deps{Objects: access})
	for name, c := range map[string]struct {
		namespace string
		admin     bool
		refused   bool
	}{
		"labelled":           {namespace: "admin", admin: true},
		"labelled otherwise": {namespace: "upper", admin: true, refused: true},
		"not labelled":       {namespace: "other", admin: true, refused: true},
		"no namespace":       {namespace: "none", admin: true, refused: true},
		"no access":          {namespace: "other"},
	} {
		t.Run(name, func(t *testing.T) {
			requests := []resourcev1.DeviceRequest{{Name: "a"}, {Name: "b", Exactly: &resourcev1.ExactDeviceRequest{AdminAccess: &c.admin}}}
			spec := &resourcev1.ResourceClaimSpec{Devices: resourcev1.DeviceClaim{Requests: requests}}
			if errs := a.ValidateSpec(t.Context(), spec, c.namespace); len(errs) > 0 != c.refused {
				t.Errorf("spec: %v", errs)
			}
			results := []resourcev1.DeviceRequestAllocationResult{{}, {AdminAccess: ptr.To(c.admin)}}
			allocation := &resourcev1.AllocationResult{Devices: resourcev1.DeviceAllocationResult{Results: results}}
			if errs := a.ValidateAllocation(t.Context(), allocation, c.namespace); len(errs) > 0 != c.refused {
				t.Errorf("allocation: %v", errs)
			}
		})
	}
}
