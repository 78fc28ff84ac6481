package pod

import (
	"context"
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	apistorage "k8s.io/apiserver/pkg/storage"
	storeerr "k8s.io/apiserver/pkg/storage/errors"
	"k8s.io/apiserver/pkg/util/dryrun"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// Bindings is the legacy resource "bindings". It works like pods/binding, but
// the name of the pod is in the binding and not in the URL.
var Bindings = &registry.Plain{
	Describe: registry.Info{
		GVR:      corev1.SchemeGroupVersion.WithResource("bindings"),
		Versions: []schema.GroupVersion{corev1.SchemeGroupVersion},
		New:      func() runtime.Object { return &corev1.Binding{} },
	},
	Make: func(deps registry.Deps) (map[string]rest.Storage, error) {
		find := func() (store, error) {
			pods, ok := objects.Storage[*registry.REST](deps.Objects, corev1.Resource("pods"))
			if !ok {
				return store{}, apierrors.NewMethodNotSupported(corev1.Resource("bindings"), "create")
			}
			return store{pods.Store}, nil
		}
		return map[string]rest.Storage{"bindings": &legacyBindingREST{bindingREST{find}}}, nil
	},
}

// bindingREST assigns a pod to a node when a scheduler posts a binding.
type bindingREST struct{ pods func() (store, error) }

type legacyBindingREST struct{ bindingREST }

var (
	_ rest.NamedCreater                   = (*bindingREST)(nil)
	_ rest.SubresourceObjectMetaPreserver = (*bindingREST)(nil)
	_ rest.Creater                        = (*legacyBindingREST)(nil)
	_ rest.Scoper                         = (*legacyBindingREST)(nil)
	_ rest.SingularNameProvider           = (*legacyBindingREST)(nil)
)

func (r *bindingREST) New() runtime.Object                                            { return &corev1.Binding{} }
func (r *bindingREST) Destroy()                                                       {}
func (r *bindingREST) PreserveRequestObjectMetaSystemFieldsOnSubresourceCreate() bool { return true }

// Create implements rest.NamedCreater.
func (r *bindingREST) Create(ctx context.Context, name string, obj runtime.Object, validate rest.ValidateObjectFunc,
	options *metav1.CreateOptions) (runtime.Object, error) {
	binding, err := requestFor[*corev1.Binding](obj, "Binding", name)
	if err != nil {
		return nil, err
	}
	if errs := podspec.ValidatePodBinding(binding); len(errs) > 0 {
		return nil, errs.ToAggregate()
	}
	if validate != nil {
		if err := validate(ctx, binding.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	if err := r.assign(ctx, binding, dryrun.IsDryRun(options.DryRun)); err != nil {
		return nil, err
	}
	return &metav1.Status{Status: metav1.StatusSuccess}, nil
}

// assign writes the name of the node into the pod. If the binding has a uid or
// a resource version, they must be those of the pod.
func (r *bindingREST) assign(ctx context.Context, b *corev1.Binding, dryRun bool) error {
	pods, err := r.pods()
	if err != nil {
		return err
	}
	var only apistorage.Preconditions
	if b.UID != "" {
		only.UID = &b.UID
	}
	if b.ResourceVersion != "" {
		only.ResourceVersion = &b.ResourceVersion
	}
	var refused error
	_, err = pods.change(ctx, b.Name, &only, dryRun, func(pod *corev1.Pod) error {
		if refused = whyUnassignable(pod); refused == nil {
			bind(pod, b)
		}
		return refused
	})
	switch {
	case err == nil:
		return nil
	case refused != nil && errors.Is(err, refused):
		return apierrors.NewConflict(corev1.Resource("pods/binding"), b.Name, refused)
	case apistorage.IsNotFound(err):
		return storeerr.InterpretGetError(err, pods.DefaultQualifiedResource, b.Name)
	}
	return storeerr.InterpretUpdateError(err, pods.DefaultQualifiedResource, b.Name)
}

func whyUnassignable(pod *corev1.Pod) error {
	switch {
	case pod.DeletionTimestamp != nil:
		return fmt.Errorf("pod %s is being deleted, cannot be assigned to a host", pod.Name)
	case pod.Spec.NodeName != "":
		return fmt.Errorf("pod %v is already assigned to node %q", pod.Name, pod.Spec.NodeName)
	case len(pod.Spec.SchedulingGates) > 0:
		return fmt.Errorf("pod %v has non-empty .spec.schedulingGates", pod.Name)
	}
	return nil
}

// bind assigns the pod and adds the labels and annotations of the binding to
// those of the pod.
func bind(pod *corev1.Pod, b *corev1.Binding) {
	pod.Spec.NodeName = b.Target.Name
	pod.Annotations = merged(pod.Annotations, b.Annotations)
	pod.Labels = merged(pod.Labels, b.Labels)
	pod.Status.NominatedNodeName = ""
	setCondition(pod, corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionTrue})
}

// setCondition adds a condition to the pod, or replaces the one of the same
// type. LastTransitionTime changes only if the status of the condition changes.
func setCondition(pod *corev1.Pod, condition corev1.PodCondition) {
	condition.LastTransitionTime = metav1.Now()
	for i := range pod.Status.Conditions {
		c := &pod.Status.Conditions[i]
		if c.Type != condition.Type {
			continue
		}
		if c.Status == condition.Status {
			condition.LastTransitionTime = c.LastTransitionTime
		}
		*c = condition
		return
	}
	pod.Status.Conditions = append(pod.Status.Conditions, condition)
}

func merged(into, from map[string]string) map[string]string {
	if len(from) == 0 {
		return into
	}
	if into == nil {
		into = make(map[string]string, len(from))
	}
	maps.Copy(into, from)
	return into
}

func (r *legacyBindingREST) NamespaceScoped() bool   { return true }
func (r *legacyBindingREST) GetSingularName() string { return "binding" }

// Create implements rest.Creater.
func (r *legacyBindingREST) Create(ctx context.Context, obj runtime.Object, validate rest.ValidateObjectFunc,
	options *metav1.CreateOptions) (runtime.Object, error) {
	binding, ok := obj.(*corev1.Binding)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a Binding object: %#v", obj))
	}
	return r.bindingREST.Create(ctx, binding.Name, obj, validate, options)
}
