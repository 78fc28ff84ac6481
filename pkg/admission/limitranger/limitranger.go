// Package limitranger implements the admission plugin LimitRanger. It gives
// containers the requests and limits that they lack, and refuses pods and
// persistent volume claims that are outside the bounds of their namespace. Both
// are read from the limit ranges of the namespace.
package limitranger

import (
	"cmp"
	"context"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "LimitRanger",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("limitranges")},
		New:   func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.MutatingAndValidating
	ranges corelisters.LimitRangeLister
}

var _ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)

// newPlugin returns the plugin. Other updates than a resize cannot change the
// resources of a pod, so that no rule is for them.
func newPlugin() *plugin {
	p := &plugin{}
	pods, resizes, claims := corev1.Resource("pods"), corev1.Resource("pods/resize"), corev1.Resource("persistentvolumeclaims")
	p.MutatingAndValidating = admission.MutateAndValidate(
		[]admission.Rule{
			admission.On(pods, admission.Hooks[*corev1.Pod]{Create: p.setDefaults}),
			admission.On(resizes, admission.Hooks[*corev1.Pod]{Update: unlessDeleted(p.setDefaults)}),
		},
		[]admission.Rule{
			admission.On(pods, admission.Hooks[*corev1.Pod]{Create: validate(p, checkPod)}),
			admission.On(resizes, admission.Hooks[*corev1.Pod]{Update: unlessDeleted(validate(p, checkPod))}),
			admission.On(claims, admission.Hooks[*corev1.PersistentVolumeClaim]{
				Create: validate(p, checkClaim), Update: unlessDeleted(validate(p, checkClaim))}),
		})
	return p
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Core().V1().LimitRanges()
	p.ranges = informer.Lister()
	p.WaitFor(informer.Informer())
}

// in returns the limit ranges of a namespace by name. kube-apiserver takes them
// in no particular order.
func (p *plugin) in(namespace string) ([]*corev1.LimitRange, error) {
	ranges, err := p.ranges.LimitRanges(namespace).List(labels.Everything())
	slices.SortFunc(ranges, func(a, b *corev1.LimitRange) int { return cmp.Compare(a.Name, b.Name) })
	return ranges, err
}

// unlessDeleted returns a hook for updates that leaves objects alone which are
// about to be deleted: their finalizers can be removed whatever the bounds are.
func unlessDeleted[T metav1.Object](
	hook func(context.Context, admission.Attributes, T) error) func(context.Context, admission.Attributes, T, T) error {
	return func(ctx context.Context, a admission.Attributes, obj, _ T) error {
		if obj.GetDeletionTimestamp() != nil {
			return nil
		}
		return hook(ctx, a, obj)
	}
}

// setDefaults sets what the pod lacks from one limit range after the other. The
// annotation tells what the last one that had an effect has set.
func (p *plugin) setDefaults(_ context.Context, a admission.Attributes, pod *corev1.Pod) error {
	ranges, err := p.in(a.GetNamespace())
	if err != nil {
		return admission.Forbidden(a, "%w", err)
	}
	for _, limitRange := range ranges {
		setPod(pod, limitRange)
	}
	return nil
}

// validate returns a hook that checks an object against the limit ranges of its
// namespace. It reports everything that the first violated one finds.
func validate[T any](p *plugin, check func(obj T, bounds *corev1.LimitRangeItem) []error) func(context.Context, admission.Attributes, T) error {
	return func(_ context.Context, a admission.Attributes, obj T) error {
		ranges, err := p.in(a.GetNamespace())
		if err != nil {
			return admission.Forbidden(a, "%w", err)
		}
		for _, limitRange := range ranges {
			var errs []error
			for i := range limitRange.Spec.Limits {
				errs = append(errs, check(obj, &limitRange.Spec.Limits[i])...)
			}
			if err := utilerrors.NewAggregate(errs); err != nil {
				return admission.Forbidden(a, "%w", err)
			}
		}
		return nil
	}
}
