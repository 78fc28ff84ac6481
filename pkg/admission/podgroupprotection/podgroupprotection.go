// Package podgroupprotection implements the admission plugin PodGroupProtection. It
// gives new pod groups a finalizer. A controller removes it from a deleted pod group
// when no pod belongs to the group any more.
package podgroupprotection

import (
	"io"

	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// finalizer is the name by which the controller finds the groups that it protects.
const finalizer = "scheduling.k8s.io/podgroup-protection"

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "PodGroupProtection", New: func(io.Reader) (admission.Interface, error) {
		return admission.Mutate(admission.On(schedulingv1beta1.Resource("podgroups"), admission.Hooks[*schedulingv1beta1.PodGroup]{
			Create: admission.AddFinalizer[*schedulingv1beta1.PodGroup](finalizer)})), nil
	}}
}
