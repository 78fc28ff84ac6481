package priority

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

func (p *plugin) setGroup(_ context.Context, a admission.Attributes, g *schedulingv1beta1.PodGroup) error {
	return setGroupPriority(p, a, &g.Spec.PriorityClassName, &g.Spec.Priority, &g.Spec.PreemptionPolicy)
}

func (p *plugin) setComposite(_ context.Context, a admission.Attributes, g *schedulingv1alpha3.CompositePodGroup) error {
	return setGroupPriority(p, a, &g.Spec.PriorityClassName, &g.Spec.Priority, &g.Spec.PreemptionPolicy)
}

// setGroupPriority sets the priority of a new group from its priority class, and
// its preemption policy if PodGroupPreemptionPolicy is on. The pods of the group
// keep priorities of their own.
func setGroupPriority[P ~string](p *plugin, a admission.Attributes, className *string, priority **int32, policy **P) error {
	class, err := p.classOf(*className)
	if apierrors.IsNotFound(err) {
		return admission.Forbidden(a, "no PriorityClass with name %v was found", *className)
	}
	if err != nil {
		return err
	}
	if have := *priority; have != nil && *have != class.Value {
		return admission.Forbidden(a, "priority set in the pod group (%d) must match the priority computed (%d) "+
			"based on the priority class set in the spec", *have, class.Value)
	}
	*className, *priority = class.Name, &class.Value
	if !features.Enabled(features.PodGroupPreemptionPolicy) {
		return nil
	}
	computed := P(corev1.PreemptLowerPriority)
	if class.PreemptionPolicy != nil {
		computed = P(*class.PreemptionPolicy)
	}
	if have := *policy; have != nil && *have != computed {
		return admission.Forbidden(a, "preemption policy set in the pod group (%s) must match the preemption policy computed (%s) "+
			"based on the priority class set in the spec", *have, computed)
	}
	*policy = &computed
	return nil
}
