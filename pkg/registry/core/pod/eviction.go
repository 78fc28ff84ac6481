package pod

import (
	"context"
	"fmt"
	"reflect"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/registry/rest"
	storeerr "k8s.io/apiserver/pkg/storage/errors"
	"k8s.io/apiserver/pkg/util/dryrun"
	"k8s.io/utils/ptr"
)

// retryLater is the number of seconds after which a client should retry an
// eviction that a disruption budget has refused.
const retryLater = 10 // seconds

// evictionREST deletes a pod unless that would violate a disruption budget.
type evictionREST struct {
	pods    store
	budgets budgets
}

var (
	_ rest.NamedCreater             = (*evictionREST)(nil)
	_ rest.GroupVersionKindProvider = (*evictionREST)(nil)
	_ rest.GroupVersionAcceptor     = (*evictionREST)(nil)
)

func (r *evictionREST) New() runtime.Object { return &policyv1.Eviction{} }
func (r *evictionREST) Destroy()            {}

// GroupVersionKind implements rest.GroupVersionKindProvider. Eviction is in the
// group policy and not, like pods, in the core group.
func (r *evictionREST) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return policyv1.SchemeGroupVersion.WithKind("Eviction")
}

// AcceptsGroupVersion implements rest.GroupVersionAcceptor.
func (r *evictionREST) AcceptsGroupVersion(gv schema.GroupVersion) bool {
	return gv.Group == policyv1.GroupName && (gv.Version == "v1" || gv.Version == "v1beta1")
}

// Create implements rest.NamedCreater.
func (r *evictionREST) Create(ctx context.Context, name string, obj runtime.Object, validate rest.ValidateObjectFunc,
	options *metav1.CreateOptions) (runtime.Object, error) {
	eviction, err := requestFor[*policyv1.Eviction](obj, "Eviction", name)
	if err != nil {
		return nil, err
	}
	if o := eviction.DeleteOptions; o != nil && ptr.Deref(o.IgnoreStoreReadErrorWithClusterBreakingPotential, false) {
		return nil, apierrors.NewInvalid(policyv1.SchemeGroupVersion.WithKind("Eviction").GroupKind(), name, field.ErrorList{
			field.Invalid(field.NewPath("deleteOptions", "ignoreStoreReadErrorWithClusterBreakingPotential"), true,
				"can not be set for pod eviction, try after removing the option")})
	}
	deletion, err := deleteOptions(eviction, options)
	if err != nil {
		return nil, err
	}
	if validate != nil {
		if err := validate(ctx, eviction.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	if err := r.evict(ctx, name, deletion); err != nil {
		return nil, err
	}
	return &metav1.Status{Status: metav1.StatusSuccess}, nil
}

// deleteOptions returns the delete options of the eviction. A dry run can be
// requested in them or in the options of the request. If both request it, they
// must be equal. If they are not, the answer is 500, which looks wrong, but
// kube-apiserver does the same.
func deleteOptions(eviction *policyv1.Eviction, options *metav1.CreateOptions) (*metav1.DeleteOptions, error) {
	out := &metav1.DeleteOptions{}
	if eviction.DeleteOptions != nil {
		out = eviction.DeleteOptions.DeepCopy()
	}
	switch {
	case len(out.DryRun) == 0:
		out.DryRun = options.DryRun
	case len(options.DryRun) > 0 && !reflect.DeepEqual(out.DryRun, options.DryRun):
		return nil, fmt.Errorf("Non-matching dry-run options in request and content: %v and %v", options.DryRun, out.DryRun)
	}
	return out, nil
}

// evict deletes the pod if its disruption budget permits that. If the pod
// changes between these two steps and the client set no preconditions, evict
// starts over.
func (r *evictionREST) evict(ctx context.Context, name string, options *metav1.DeleteOptions) error {
	var last error
	err := wait.ExponentialBackoffWithContext(ctx, wait.Backoff{Duration: 20 * time.Millisecond, Factor: 2, Jitter: 0.1, Steps: 6},
		func(ctx context.Context) (bool, error) {
			obj, err := r.pods.Get(ctx, name, &metav1.GetOptions{})
			if err != nil {
				return false, err
			}
			pod := obj.(*corev1.Pod)
			if !needsPermission(pod) {
				last = r.delete(ctx, pod, options, true)
			} else {
				if err := r.budgets.permit(ctx, pod, dryrun.IsDryRun(options.DryRun)); err != nil {
					return false, err
				}
				last = r.delete(ctx, pod, options, false)
			}
			if apierrors.IsConflict(last) && options.Preconditions == nil {
				return false, nil
			}
			return true, last
		})
	if wait.Interrupted(err) && last != nil {
		return last
	}
	return err
}

// needsPermission reports whether disruption budgets apply to the pod. They do
// not apply to a pod that does not run yet, has terminated or is being deleted.
func needsPermission(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && !isTerminal(pod) && pod.Status.Phase != corev1.PodPending
}

// delete adds a condition with the reason to the status of the pod, and deletes
// the pod. unasked means that no disruption budget was checked. In that case
// the pod must not have changed since it was read, as it may have become one to
// which a budget applies.
func (r *evictionREST) delete(ctx context.Context, pod *corev1.Pod, options *metav1.DeleteOptions, unasked bool) error {
	options = options.DeepCopy()
	if unasked && options.Preconditions == nil {
		options.Preconditions = &metav1.Preconditions{UID: &pod.UID, ResourceVersion: &pod.ResourceVersion}
	}
	if !dryrun.IsDryRun(options.DryRun) {
		if err := r.note(ctx, pod.Name, options.Preconditions); err != nil {
			return err
		}
	}
	_, _, err := r.pods.Delete(ctx, pod.Name, rest.ValidateAllObjectFunc, options)
	return err
}

// note adds the condition DisruptionTarget to the status of the pod. This
// changes the resource version of the pod, so that note updates the
// preconditions accordingly.
func (r *evictionREST) note(ctx context.Context, name string, preconditions *metav1.Preconditions) error {
	noted, err := r.pods.change(ctx, name, nil, false, func(pod *corev1.Pod) error {
		if err := checkPreconditions(pod, preconditions); err != nil {
			return err
		}
		setCondition(pod, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue,
			Reason: "EvictionByEvictionAPI", Message: "Eviction API: evicting"})
		return nil
	})
	if err != nil {
		return storeerr.InterpretUpdateError(err, r.pods.DefaultQualifiedResource, name)
	}
	if preconditions != nil && preconditions.ResourceVersion != nil {
		preconditions.ResourceVersion = &noted.ResourceVersion
	}
	return nil
}

// checkPreconditions returns the error that a delete request of the pod would
// return. Preconditions may be nil.
func checkPreconditions(pod *corev1.Pod, preconditions *metav1.Preconditions) error {
	if preconditions == nil {
		return nil
	}
	pods := schema.GroupResource{Resource: "Pod"}
	if uid := preconditions.UID; uid != nil && *uid != pod.UID {
		return apierrors.NewConflict(pods, pod.Name, fmt.Errorf("the UID in the precondition (%s) does not match the UID in record (%s). "+
			"The object might have been deleted and then recreated", *uid, pod.UID))
	}
	if version := preconditions.ResourceVersion; version != nil && *version != pod.ResourceVersion {
		return apierrors.NewConflict(pods, pod.Name, fmt.Errorf("the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%s). "+
			"The object might have been modified", *version, pod.ResourceVersion))
	}
	return nil
}
