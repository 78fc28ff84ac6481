package noderestriction

import (
	"context"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/diff"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

// nameOf returns the name of the object of a request. Without one a collection is
// deleted, or the server is to choose a name.
func nameOf(r request, obj metav1.Object) string {
	if r.GetOperation() == admission.Create {
		return obj.GetName()
	}
	return r.GetName()
}

func checkLease(r request, lease *coordinationv1.Lease) error {
	if r.GetNamespace() != corev1.NamespaceNodeLease {
		return r.refuse("can only access leases in the %q system namespace", corev1.NamespaceNodeLease)
	}
	if nameOf(r, lease) != r.node {
		return r.refuse("can only access node lease with the same name as the requesting node")
	}
	return nil
}

func checkCSINode(r request, n *storagev1.CSINode) error {
	if nameOf(r, n) != r.node {
		return r.refuse("can only access CSINode with the same name as the requesting node")
	}
	return nil
}

func createSlice(_ context.Context, r request, s *resourcev1.ResourceSlice) error {
	return checkSlice(r, s, "create")
}

func deleteSlice(_ context.Context, r request, s *resourcev1.ResourceSlice) error {
	return checkSlice(r, s, "delete")
}

// checkSlice needs no case for updates: the node of a slice cannot change, and the
// authorizer knows it.
func checkSlice(r request, s *resourcev1.ResourceSlice, verb string) error {
	if s.Spec.NodeName == nil || *s.Spec.NodeName != r.node {
		return r.refuse("can only %s ResourceSlice with the same NodeName as the requesting node", verb)
	}
	return nil
}

// claims refuses everything but the status.
var claims = whole[*corev1.PersistentVolumeClaim](func(r request, _ *corev1.PersistentVolumeClaim) error { return r.refuse("may only update PVC status") })

// updateClaimStatus allows what a kubelet reports when it has resized a volume.
func updateClaimStatus(_ context.Context, r request, claim, old *corev1.PersistentVolumeClaim) error {
	now, before := claim.DeepCopy(), old.DeepCopy()
	for _, c := range []*corev1.PersistentVolumeClaim{now, before} {
		c.TypeMeta, c.ResourceVersion, c.ManagedFields = metav1.TypeMeta{}, "", nil
		c.Status.Capacity, c.Status.Conditions, c.Status.AllocatedResources, c.Status.AllocatedResourceStatuses = nil, nil, nil, nil
	}
	if apiequality.Semantic.DeepEqual(now, before) {
		return nil
	}
	return r.refuse(notAllowed+"update fields other than status.quantity and status.conditions: %v", r.node, diff.Diff(goform.Of(*before), goform.Of(*now)))
}
