// Package jobvalidation implements the admission plugin JobValidation (KEP-5547).
// It keeps the parallelism of jobs whose pods are scheduled all at once or not at
// all.
package jobvalidation

import (
	"context"
	"io"

	batchv1 "k8s.io/api/batch/v1"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-base/featuregate"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "JobValidation", New: func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

// plugin reads pod groups only when the parallelism of a job changes, which is
// rare. It therefore has no informer.
type plugin struct {
	*admission.Validating
	enabled bool
	client  kubernetes.Interface
}

var (
	_ initializer.WantsFeatures              = (*plugin)(nil)
	_ initializer.WantsExternalKubeClientSet = (*plugin)(nil)
)

func newPlugin() *plugin {
	p := &plugin{}
	p.Validating = admission.Validate(admission.On(batchv1.Resource("jobs"), admission.Hooks[*batchv1.Job]{Update: p.validate}))
	return p
}

// InspectFeatureGates implements initializer.WantsFeatures.
func (p *plugin) InspectFeatureGates(gates featuregate.FeatureGate) {
	p.enabled = gates.Enabled(features.WorkloadWithJob)
}

// SetExternalKubeClientSet implements initializer.WantsExternalKubeClientSet.
func (p *plugin) SetExternalKubeClientSet(client kubernetes.Interface) { p.client = client }

func (p *plugin) validate(ctx context.Context, a admission.Attributes, job, old *batchv1.Job) error {
	if !p.enabled || ptr.Equal(job.Spec.Parallelism, old.Spec.Parallelism) {
		return nil
	}
	groups, err := p.groupsOf(ctx, old)
	if err != nil {
		return admission.Forbidden(a, "%w", err)
	}
	for _, group := range groups {
		if group.Spec.SchedulingPolicy.Gang != nil {
			return admission.Forbidden(a, "cannot change parallelism for a Job referencing gang-scheduled PodGroup %q", group.Name)
		}
	}
	return nil
}

// groupsOf returns the pod group that the job's template names, or otherwise those
// that the job controls. Where pod groups are not served there is none.
func (p *plugin) groupsOf(ctx context.Context, job *batchv1.Job) ([]schedulingv1beta1.PodGroup, error) {
	groups := p.client.SchedulingV1beta1().PodGroups(job.Namespace)
	if named := job.Spec.Template.Spec.SchedulingGroup; named != nil && named.PodGroupName != nil {
		group, err := groups.Get(ctx, *named.PodGroupName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []schedulingv1beta1.PodGroup{*group}, nil
	}
	list, err := groups.List(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var controlled []schedulingv1beta1.PodGroup
	for _, group := range list.Items {
		if metav1.IsControlledBy(&group, job) {
			controlled = append(controlled, group)
		}
	}
	return controlled, nil
}
