package garbagecollector

import (
	"slices"
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// phase is how far the deletion of an object has come.
type phase uint8

const (
	// living objects are not being deleted.
	living phase = iota
	// deleting objects wait for others than the collector, or for nobody.
	deleting
	// foreground objects wait until the dependents that block them are deleted.
	foreground
	// orphaning objects wait until their dependents do not refer to them any more.
	orphaning
)

// object is what the collector remembers of an object.
type object struct {
	resource        *resource
	namespace, name string
	uid             types.UID
	phase           phase
	owners          []reference
}

// reference is an owner reference.
type reference struct {
	gvk      schema.GroupVersionKind
	name     string
	uid      types.UID
	blocking bool
}

// newObject takes from the metadata of an object what the collector needs.
func newObject(r *resource, m metav1.Object) object {
	o := object{resource: r, namespace: unique.Make(m.GetNamespace()).Value(), name: m.GetName(), uid: m.GetUID(), phase: phaseOf(m)}
	owners := m.GetOwnerReferences()
	for i := range owners {
		o.owners = append(o.owners, newReference(&owners[i]))
	}
	return o
}

// newReference copies an owner reference. Equal kinds share their memory.
func newReference(ref *metav1.OwnerReference) reference {
	return reference{
		gvk:      unique.Make(schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind)).Value(),
		name:     ref.Name,
		uid:      ref.UID,
		blocking: ref.BlockOwnerDeletion != nil && *ref.BlockOwnerDeletion,
	}
}

func phaseOf(m metav1.Object) phase {
	switch {
	case m.GetDeletionTimestamp() == nil:
		return living
	case slices.Contains(m.GetFinalizers(), metav1.FinalizerOrphanDependents):
		return orphaning
	case slices.Contains(m.GetFinalizers(), metav1.FinalizerDeleteDependents):
		return foreground
	}
	return deleting
}

// names reports whether the reference, in an object of a namespace, names the owner
// with kind, name and namespace. The version may be another.
func (ref *reference) names(owner *object, namespace string) bool {
	return ref.gvk.GroupKind() == owner.resource.gvk.GroupKind() && ref.name == owner.name &&
		(owner.namespace == "" || owner.namespace == namespace)
}
