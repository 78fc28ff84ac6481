package garbagecollector

import (
	"context"
	"encoding/json"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
)

// parallel is how many dependents of an object are orphaned at the same time.
const parallel = 10

// release removes the finalizer of an object that is deleted in the foreground, when no
// dependent blocks that any more.
func (c *collector) release(ctx context.Context, o object) error {
	if c.graph.blocked(o.uid) {
		return nil // it is looked at again after each change of a dependent
	}
	return c.removeFinalizer(ctx, o, metav1.FinalizerDeleteDependents)
}

// orphan removes an object from the owners of all dependents, and then the finalizer
// that waits for that.
func (c *collector) orphan(ctx context.Context, o object) error {
	dependents, ctxOfAll := errgroup.WithContext(ctx)
	dependents.SetLimit(parallel)
	for _, dependent := range c.graph.dependents(o.uid) {
		dependents.Go(func() error {
			live, err := c.read(ctxOfAll, dependent)
			if live == nil || err != nil {
				return err
			}
			return c.setOwners(ctxOfAll, dependent, live, withoutOwners(live, o.uid))
		})
	}
	if err := dependents.Wait(); err != nil {
		return c.unlessChanged(o, err)
	}
	return c.removeFinalizer(ctx, o, metav1.FinalizerOrphanDependents)
}

// removeOwners removes owners of an object.
func (c *collector) removeOwners(ctx context.Context, o object, live *metav1.PartialObjectMetadata, uids []types.UID) error {
	return c.unlessChanged(o, c.setOwners(ctx, o, live, withoutOwners(live, uids...)))
}

func withoutOwners(live *metav1.PartialObjectMetadata, uids ...types.UID) []metav1.OwnerReference {
	return slices.DeleteFunc(slices.Clone(live.OwnerReferences), func(ref metav1.OwnerReference) bool { return slices.Contains(uids, ref.UID) })
}

// unblock makes no reference of an object block an owner. It returns the
// changed object, or nil if the object is to be looked at again.
func (c *collector) unblock(ctx context.Context, o object, live *metav1.PartialObjectMetadata) (*metav1.PartialObjectMetadata, error) {
	owners := slices.Clone(live.OwnerReferences)
	for i := range owners {
		owners[i].BlockOwnerDeletion = new(false)
	}
	if err := c.setOwners(ctx, o, live, owners); err != nil {
		return nil, c.unlessChanged(o, err)
	}
	return c.read(ctx, o)
}

// setOwners changes the owners of an object that is as it was read.
func (c *collector) setOwners(ctx context.Context, o object, live *metav1.PartialObjectMetadata, owners []metav1.OwnerReference) error {
	if slices.EqualFunc(owners, live.OwnerReferences, func(x, y metav1.OwnerReference) bool {
		return x.UID == y.UID && x.BlockOwnerDeletion == y.BlockOwnerDeletion
	}) {
		return nil
	}
	return c.patch(ctx, o, live, "ownerReferences", owners)
}

// removeFinalizer removes a finalizer of an object that is being deleted.
func (c *collector) removeFinalizer(ctx context.Context, o object, finalizer string) error {
	live, err := c.read(ctx, o)
	if live == nil || err != nil || live.DeletionTimestamp == nil || !slices.Contains(live.Finalizers, finalizer) {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(live.Finalizers), func(f string) bool { return f == finalizer })
	return c.unlessChanged(o, c.patch(ctx, o, live, "finalizers", rest))
}

// patch replaces a field of the metadata of an object, if the object is still as it was
// read. A merge patch can do that with any resource.
func (c *collector) patch(ctx context.Context, o object, live *metav1.PartialObjectMetadata, field string, value any) error {
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": live.UID, "resourceVersion": live.ResourceVersion, field: value}})
	if err != nil {
		return err
	}
	_, err = c.objects(o).Patch(ctx, o.name, types.MergePatchType, body, metav1.PatchOptions{})
	return err
}

// read returns an object as it is in the storage, or nil if it is gone: an object of the
// same name is another one. The server must have the resource.
func (c *collector) read(ctx context.Context, o object) (*metav1.PartialObjectMetadata, error) {
	live, err := c.objects(o).Get(ctx, o.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse):
		return nil, nil
	case err != nil:
		return nil, err
	case live.UID != o.uid:
		return nil, nil
	}
	return live, nil
}

func (c *collector) objects(o object) metadata.ResourceInterface {
	client := c.metadata.Resource(o.resource.gvr)
	if o.resource.namespaced {
		return client.Namespace(o.namespace)
	}
	return client
}
