// Package podgroupworkloadexists implements the admission plugin
// PodGroupWorkloadExists. It refuses a new pod group of a workload that does not
// exist or has no template for it.
package podgroupworkloadexists

import (
	"context"
	"io"
	"slices"

	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/dynamic"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "PodGroupWorkloadExists", New: func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

// plugin reads a workload when it needs it. Pod groups are few, and a controller
// often creates them right after their workload.
type plugin struct {
	*admission.Validating
	client dynamic.Interface
}

var _ initializer.WantsDynamicClient = (*plugin)(nil)

func newPlugin() *plugin {
	p := &plugin{}
	p.Validating = admission.Validate(admission.On(schedulingv1beta1.Resource("podgroups"),
		admission.Hooks[*schedulingv1beta1.PodGroup]{Create: p.validate}))
	return p
}

// SetDynamicClient implements initializer.WantsDynamicClient.
func (p *plugin) SetDynamicClient(client dynamic.Interface) { p.client = client }

func (p *plugin) validate(ctx context.Context, a admission.Attributes, group *schedulingv1beta1.PodGroup) error {
	ref := group.Spec.WorkloadRef
	if ref == nil {
		return nil
	}
	workload, err := p.workload(ctx, a, ref.WorkloadName)
	switch {
	case apierrors.IsNotFound(err):
		return admission.Forbidden(a, "PodGroup rejected: Workload %q not found", ref.WorkloadName)
	case err != nil:
		return err
	case workload.DeletionTimestamp != nil:
		return admission.Forbidden(a, "PodGroup rejected: Workload %q is being deleted", ref.WorkloadName)
	case !hasTemplate(workload.Spec.PodGroupTemplates, workload.Spec.CompositePodGroupTemplates, ref.TemplateName):
		return admission.Forbidden(a, "PodGroup rejected: PodGroupTemplate %q not found in Workload %q", ref.TemplateName, ref.WorkloadName)
	}
	return nil
}

// workload reads a workload in the version of the request, because the other one
// may be turned off. Both have the same fields.
func (p *plugin) workload(ctx context.Context, a admission.Attributes, name string) (*schedulingv1beta1.Workload, error) {
	found, err := p.client.Resource(a.GetResource().GroupVersion().WithResource("workloads")).Namespace(a.GetNamespace()).
		Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	workload := &schedulingv1beta1.Workload{}
	return workload, runtime.DefaultUnstructuredConverter.FromUnstructured(found.Object, workload)
}

// hasTemplate looks for the template of a pod group, also in the templates of the
// composite pod groups that contain it.
func hasTemplate(templates []schedulingv1beta1.PodGroupTemplate, composites []schedulingv1beta1.CompositePodGroupTemplate, name string) bool {
	return slices.ContainsFunc(templates, func(t schedulingv1beta1.PodGroupTemplate) bool { return t.Name == name }) ||
		slices.ContainsFunc(composites, func(c schedulingv1beta1.CompositePodGroupTemplate) bool {
			return hasTemplate(c.PodGroupTemplates, c.CompositePodGroupTemplates, name)
		})
}
