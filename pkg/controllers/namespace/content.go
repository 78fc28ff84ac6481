package namespace

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
)

const (
	// concurrent is the number of resources of a namespace whose objects are
	// deleted at the same time.
	concurrent = 8
	// patience is how many seconds those who have set a finalizer are expected to
	// need until they remove it.
	patience = 15
)

// content deletes what namespaces contain.
type content struct {
	pods     typedcorev1.PodsGetter
	metadata metadata.Interface
	// discover returns the resources that have objects in namespaces, each in its
	// preferred version. It returns those that it finds, even if there is an error.
	discover func(context.Context) ([]*metav1.APIResourceList, error)
}

// delete deletes all objects in a namespace: at first only the pods, because they may
// need the other objects until they end, and the others when there are no pods any
// more. It returns what has been found.
func (c *content) delete(ctx context.Context, ns *corev1.Namespace) findings {
	resources, found := c.resources(ctx)
	if found.discoveryErr != nil && len(resources) == 0 {
		return found
	}
	pods := func(r resource) bool { return r.GroupResource() == corev1.Resource("pods") }
	if i := slices.IndexFunc(resources, pods); i >= 0 {
		seconds, err := c.podSeconds(ctx, ns)
		if err != nil {
			found.failures = append(found.failures, err)
			return found
		}
		found.add(c.deleteKind(ctx, ns.Name, resources[i], seconds))
		if !found.emptied() {
			return found
		}
	}
	resources = slices.DeleteFunc(resources, pods)
	kinds := make([]kind, len(resources))
	workqueue.ParallelizeUntil(ctx, concurrent, len(resources), func(i int) {
		kinds[i] = c.deleteKind(ctx, ns.Name, resources[i], 0)
	})
	for _, k := range kinds {
		found.add(k)
	}
	return found
}

// podSeconds estimates how long the pods of a namespace need to terminate: as long as
// the longest grace period of those that have not ended, since the namespace is being
// deleted. The result is 0 if this time is over.
func (c *content) podSeconds(ctx context.Context, ns *corev1.Namespace) (longest int64, err error) {
	list := func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
		return c.pods.Pods(ns.Name).List(ctx, opts)
	}
	err = pager.New(list).EachListItem(ctx, metav1.ListOptions{}, func(obj runtime.Object) error {
		pod := obj.(*corev1.Pod)
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			longest = max(longest, ptr.Deref(pod.Spec.TerminationGracePeriodSeconds, 0))
		}
		return nil
	})
	if time.Since(ns.DeletionTimestamp.Time) >= time.Duration(longest)*time.Second {
		longest = 0
	}
	return longest, err
}

// deleteKind deletes the objects of a resource in a namespace. seconds is the estimate
// of how long they need to terminate.
func (c *content) deleteKind(ctx context.Context, namespace string, r resource, seconds int64) kind {
	k := kind{resource: r.GroupResource(), finalizers: map[string]int{}}
	objects := c.metadata.Resource(r.GroupVersionResource).Namespace(namespace)
	if r.list {
		first, err := objects.List(ctx, metav1.ListOptions{Limit: 1})
		if err != nil || len(first.Items) == 0 {
			k.err = unlessGone(err)
			return k
		}
	}
	if k.err = unlessGone(deleteAll(ctx, objects, r)); k.err != nil || !r.list {
		return k
	}
	k.err = unlessGone(each(ctx, objects, func(o *metav1.PartialObjectMetadata) error {
		k.remaining++
		for _, f := range o.Finalizers {
			k.finalizers[f]++
		}
		return nil
	}))
	if k.err != nil || k.remaining == 0 {
		return k
	}
	switch {
	case seconds > 0:
		k.seconds = seconds
	case len(k.finalizers) > 0:
		k.seconds = patience
	default:
		k.err = fmt.Errorf("unexpected items still remain in namespace: %s for gvr: %v", namespace, r.GroupVersionResource)
	}
	return k
}

// deleteAll deletes the objects of a resource, with one request if possible.
func deleteAll(ctx context.Context, objects metadata.ResourceInterface, r resource) error {
	background := metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)}
	if r.deleteCollection {
		err := objects.DeleteCollection(ctx, background, metav1.ListOptions{})
		if !apierrors.IsMethodNotSupported(err) || !r.list {
			return err
		}
	}
	return each(ctx, objects, func(o *metav1.PartialObjectMetadata) error {
		options := background
		options.Preconditions = metav1.NewUIDPreconditions(string(o.UID))
		err := objects.Delete(ctx, o.Name, options)
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return nil // it has gone; another one of the same name is found when the objects are listed again
		}
		return err
	})
}

// each calls do for the metadata of each object.
func each(ctx context.Context, objects metadata.ResourceInterface, do func(*metav1.PartialObjectMetadata) error) error {
	list := func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
		return objects.List(ctx, opts)
	}
	return pager.New(list).EachListItem(ctx, metav1.ListOptions{}, func(obj runtime.Object) error {
		return do(obj.(*metav1.PartialObjectMetadata))
	})
}

// unlessGone returns no error if the resource is not served any more, or not in this
// way: then it has no objects that could be deleted.
func unlessGone(err error) error {
	if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		return nil
	}
	return err
}
