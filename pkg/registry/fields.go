package registry

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/client-go/tools/cache"
)

// Field is a field by which a client can select.
type Field[T Object] struct {
	// Name is the label in the field selector, such as spec.nodeName.
	Name string
	// Value reads it from an object.
	Value func(obj T) string
	// Trigger makes the watch cache send an event only to the watchers that
	// select this very value. At most one field of a resource may have it.
	Trigger bool
	// Index keeps an index by this field in the watch cache, for lists.
	Index bool
	// Groups are the groups in which it can be selected; nil is all groups that
	// serve the resource.
	Groups []string
}

// FieldLabels implements Definition.
func (r *Resource[T]) FieldLabels(group string) []string {
	if len(r.Fields) == 0 {
		return nil
	}
	labels := []string{"metadata.name"}
	if !r.ClusterScoped {
		labels = append(labels, "metadata.namespace")
	}
	for _, f := range r.Fields {
		if f.Groups == nil || slices.Contains(f.Groups, group) {
			labels = append(labels, f.Name)
		}
	}
	return labels
}

// attributes returns what label and field selectors match on. The watch cache keeps it for each
// object. A field that is empty is left out, because selectors find the same without it; a map of
// nine entries takes twice as much memory as one of eight.
func (r *Resource[T]) attributes(obj runtime.Object) (labels.Set, fields.Set, error) {
	o, ok := obj.(T)
	if !ok {
		return nil, nil, fmt.Errorf("%T is not a %s", obj, r.Singular)
	}
	set := fields.Set{}
	set["metadata.name"] = o.GetName()
	if !r.ClusterScoped {
		set["metadata.namespace"] = o.GetNamespace()
	}
	for _, f := range r.Fields {
		if value := f.Value(o); value != "" {
			set[f.Name] = value
		}
	}
	return o.GetLabels(), set, nil
}

func (r *Resource[T]) predicate(label labels.Selector, field fields.Selector) apistorage.SelectionPredicate {
	p := apistorage.SelectionPredicate{Label: label, Field: field, GetAttrs: r.attributes}
	for _, f := range r.Fields {
		if f.Index {
			p.IndexFields = append(p.IndexFields, f.Name)
		}
	}
	return p
}

// triggers returns the watch cache's trigger functions and indexers.
func (r *Resource[T]) triggers() (apistorage.IndexerFuncs, *cache.Indexers) {
	var triggers apistorage.IndexerFuncs
	if r.TriggerByName {
		triggers = apistorage.IndexerFuncs{"metadata.name": func(obj runtime.Object) string { return obj.(T).GetName() }}
	}
	var indexers cache.Indexers
	for _, f := range r.Fields {
		if f.Trigger {
			triggers = apistorage.IndexerFuncs{f.Name: func(obj runtime.Object) string { return f.Value(obj.(T)) }}
		}
		if f.Index {
			if indexers == nil {
				indexers = cache.Indexers{}
			}
			indexers[apistorage.FieldIndex(f.Name)] = func(obj any) ([]string, error) {
				return []string{f.Value(obj.(T))}, nil
			}
		}
	}
	if indexers == nil {
		return triggers, nil
	}
	return triggers, &indexers
}
