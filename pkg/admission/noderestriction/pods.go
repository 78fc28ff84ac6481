package noderestriction

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// createPod allows mirror pods, which show what a kubelet runs on its own account.
// Such a pod belongs to the node and refers to nothing: with a reference the
// kubelet would give itself access to the object.
func (p *plugin) createPod(ctx context.Context, r request, pod *corev1.Pod) error {
	if _, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]; !mirror {
		return r.refuse("pod does not have %q annotation, node %q can only create mirror pods", corev1.MirrorPodAnnotationKey, r.node)
	}
	if pod.Spec.NodeName != r.node {
		return r.refuse("node %q can only create pods with spec.nodeName set to itself", r.node)
	}
	if err := p.checkOwner(ctx, r, pod.OwnerReferences); err != nil {
		return err
	}
	if what := reference(pod); what != "" {
		return r.refuse("node %q can not create pods that reference %s", r.node, what)
	}
	return nil
}

// checkOwner refuses owners other than the node of the kubelet, as it is now.
func (p *plugin) checkOwner(ctx context.Context, r request, owners []metav1.OwnerReference) error {
	const only = "node %q can only create pods with "
	switch {
	case len(owners) == 0:
		return r.refuse(only+"an owner reference set to itself", r.node)
	case len(owners) > 1:
		return r.refuse(only+"a single owner reference set to itself", r.node)
	}
	owner := owners[0]
	switch {
	case owner.APIVersion != "v1" || owner.Kind != "Node" || owner.Name != r.node:
		return r.refuse(only+"an owner reference set to itself", r.node)
	case !ptr.Deref(owner.Controller, false):
		return r.refuse(only+"a controller owner reference set to itself", r.node)
	case ptr.Deref(owner.BlockOwnerDeletion, false):
		return r.refuse("node %q must not set blockOwnerDeletion on an owner reference", r.node)
	}
	node, err := p.cluster.node(ctx, r.node)
	if err != nil {
		return err
	}
	if owner.UID != node.UID {
		return r.refuse("node %s UID mismatch: expected %s got %s", r.node, owner.UID, node.UID)
	}
	return nil
}

func updatePod(_ context.Context, r request, _, _ *corev1.Pod) error {
	return r.refuse("unexpected operation %q, node %q can only create and delete mirror pods", r.GetOperation(), r.node)
}

// deletePod allows the pods of the node. As in kube-apiserver, a collection is not
// checked; no kubelet may delete one by the role of kubelets.
func deletePod(_ context.Context, r request, old *corev1.Pod) error {
	if r.GetName() != "" && old.Spec.NodeName != r.node {
		return r.refuse("node %q can only delete pods with spec.nodeName set to itself", r.node)
	}
	return nil
}

func (p *plugin) evictPod(ctx context.Context, r request, _ *policyv1.Eviction) error {
	pod, err := p.cluster.pod(ctx, r.GetNamespace(), r.GetName())
	if err != nil {
		return err
	}
	if pod.Spec.NodeName != r.node {
		return r.refuse("node %s can only evict pods with spec.nodeName set to itself", r.node)
	}
	return nil
}

// updatePodStatus allows the status of the node's pods. What the status says about
// resource claims is the scheduler's and a controller's: the authorizer lets a
// kubelet read those claims. Labels decide which pods a service or a policy selects.
func updatePodStatus(_ context.Context, r request, pod, old *corev1.Pod) error {
	switch {
	case old.Spec.NodeName != r.node:
		return r.refuse("node %q can only update pod status for pods with spec.nodeName set to itself", r.node)
	case !apiequality.Semantic.DeepEqual(pod.Labels, old.Labels):
		return r.refuse("node %q cannot update labels through pod status", r.node)
	case !apiequality.Semantic.DeepEqual(pod.Status.ResourceClaimStatuses, old.Status.ResourceClaimStatuses):
		return r.refuse("node %q cannot update resource claim statues", r.node)
	case !apiequality.Semantic.DeepEqual(pod.Status.ExtendedResourceClaimStatus, old.Status.ExtendedResourceClaimStatus):
		return r.refuse("node %q cannot update extended resource claim status", r.node)
	}
	return nil
}
