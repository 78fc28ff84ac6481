package garbagecollector

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
)

// verdict is what is known of an owner.
type verdict int

const (
	// solid owners exist and keep their dependents.
	solid verdict = iota
	// dangling references name an owner that does not exist.
	dangling
	// awaiting owners are deleted in the foreground: they wait for their dependents.
	awaiting
	// unknown owners cannot be looked for.
	unknown
)

// collect deletes an object if none of its owners keeps it. If some do, it removes the
// references to the others.
func (c *collector) collect(ctx context.Context, o object) error {
	live, err := c.read(ctx, o)
	if live == nil || err != nil || live.DeletionTimestamp != nil || len(live.OwnerReferences) == 0 {
		return err
	}
	c.report(ctx, o, live)
	owners := map[verdict][]types.UID{}
	unseen := false
	for i := range live.OwnerReferences {
		ref := &live.OwnerReferences[i]
		v, err := c.judge(ctx, ref, live.Namespace)
		if err != nil {
			return fmt.Errorf("owner %s %s: %w", ref.Kind, ref.Name, err)
		}
		owners[v] = append(owners[v], ref.UID)
		_, seen := c.graph.seen(ref.UID)
		unseen = unseen || v == solid && !seen
	}
	if unseen {
		c.loop.AddAfter(string(o.uid), period) // if it stays so, its deletion will not be seen either
	}
	switch {
	case len(owners[unknown]) > 0:
		return nil // it is looked at again when other kinds are served
	case len(owners[solid]) > 0:
		return c.removeOwners(ctx, o, live, slices.Concat(owners[dangling], owners[awaiting]))
	case len(owners[awaiting]) > 0:
		return c.deleteWithOwner(ctx, o, live)
	}
	return c.delete(ctx, o, live, policyOf(live))
}

// judge looks for an owner of an object of a namespace. An owner in a namespace must be
// in that of the object; objects without a namespace can only be owned by such.
func (c *collector) judge(ctx context.Context, ref *metav1.OwnerReference, namespace string) (verdict, error) {
	r := c.served.Load().kinds[newReference(ref).gvk]
	if r == nil || r.namespaced && namespace == "" {
		return unknown, nil
	}
	if !r.namespaced {
		namespace = ""
	}
	owner := object{resource: r, namespace: namespace, name: ref.Name, uid: ref.UID}
	key := fmt.Sprint(r.gvk, "/", namespace, "/", ref.Name, "/", ref.UID)
	if _, ok := c.absent.Get(key); ok {
		return dangling, nil
	}
	live, err := c.read(ctx, owner)
	switch {
	case err != nil:
		return unknown, err
	case live == nil:
		c.absent.Add(key, nil)
		return dangling, nil
	case phaseOf(live) == foreground:
		return awaiting, nil
	}
	return solid, nil
}

// deleteWithOwner deletes an object whose owner waits for that. The object waits for its
// own dependents in turn. If one of them waits already, they are a circle: it is opened
// by making the references of this object not blocking.
func (c *collector) deleteWithOwner(ctx context.Context, o object, live *metav1.PartialObjectMetadata) error {
	dependents := c.graph.dependents(o.uid)
	if len(dependents) == 0 {
		return c.delete(ctx, o, live, policyOf(live))
	}
	if slices.ContainsFunc(dependents, func(d object) bool { return d.phase == foreground }) {
		changed, err := c.unblock(ctx, o, live)
		if changed == nil || err != nil {
			return err
		}
		live = changed
	}
	return c.delete(ctx, o, live, metav1.DeletePropagationForeground)
}

// policyOf returns how an object is to be deleted, according to its finalizers.
func policyOf(live *metav1.PartialObjectMetadata) metav1.DeletionPropagation {
	switch {
	case slices.Contains(live.Finalizers, metav1.FinalizerOrphanDependents):
		return metav1.DeletePropagationOrphan
	case slices.Contains(live.Finalizers, metav1.FinalizerDeleteDependents):
		return metav1.DeletePropagationForeground
	}
	return metav1.DeletePropagationBackground
}

// delete deletes an object if it is still as it was read.
func (c *collector) delete(ctx context.Context, o object, live *metav1.PartialObjectMetadata, policy metav1.DeletionPropagation) error {
	klog.FromContext(ctx).V(2).Info("Deleting an object without owners", "resource", o.resource.gvr, "object", klog.KObj(live), "policy", policy)
	err := c.objects(o).Delete(ctx, o.name, metav1.DeleteOptions{
		PropagationPolicy: &policy,
		Preconditions:     &metav1.Preconditions{UID: &live.UID, ResourceVersion: &live.ResourceVersion},
	})
	return c.unlessChanged(o, err)
}

// unlessChanged returns an error of a change, unless the object is gone or has changed
// meanwhile; it is then looked at again.
func (c *collector) unlessChanged(o object, err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsConflict(err):
		c.loop.AddAfter(string(o.uid), soon)
		return nil
	}
	return err
}
