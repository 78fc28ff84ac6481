package openapi

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
	"sigs.k8s.io/structured-merge-diff/v6/value"

	"github.com/gatehouse-k8s/gatehouse/pkg/stack"
)

// lazyTypeConverter builds its schemas on first use.
type lazyTypeConverter struct {
	get func() (managedfields.TypeConverter, error)
	// empty has, for each kind in use, an object without fields: a *typed.TypedValue.
	empty *sync.Map
}

func newLazyTypeConverter(get func() (managedfields.TypeConverter, error)) lazyTypeConverter {
	return lazyTypeConverter{sync.OnceValues(get), &sync.Map{}}
}

// ObjectToTyped implements managedfields.TypeConverter. If the object does not
// agree with its schema, the error is the same at every call.
func (l lazyTypeConverter) ObjectToTyped(object runtime.Object, options ...typed.ValidationOptions) (*typed.TypedValue, error) {
	converter, err := l.get()
	if err != nil {
		return nil, err
	}
	patch, ok := object.(*unstructured.Unstructured)
	if !ok && slices.Contains(options, typed.AllowDuplicates) {
		return l.unchecked(converter, object)
	}
	result, err := converter.ObjectToTyped(object, options...)
	if ok && err != nil {
		return nil, l.firstMistakes(converter, patch, err, options)
	}
	return result, err
}

// unchecked converts an object of a Go type without comparing it with its schema, which the
// library would do at a twentieth of the cost of creating a pod. The schemas are made from the Go
// types, so all that can be wrong is that an item of a list has no key; whatever compares two
// objects finds that.
func (l lazyTypeConverter) unchecked(converter managedfields.TypeConverter, object runtime.Object) (*typed.TypedValue, error) {
	like, err := l.like(converter, object.GetObjectKind().GroupVersionKind())
	if err != nil {
		return nil, err
	}
	stack.Grow() // the comparison that follows calls deeply
	content, err := newGoObject(object)
	if err != nil {
		return nil, err
	}
	return typed.AsTypedUnvalidated(content, like.Schema(), like.TypeRef()), nil
}

// like returns an object of a kind without any fields, which knows the schema.
func (l lazyTypeConverter) like(converter managedfields.TypeConverter, kind schema.GroupVersionKind) (*typed.TypedValue, error) {
	if known, ok := l.empty.Load(kind); ok {
		return known.(*typed.TypedValue), nil
	}
	empty := &unstructured.Unstructured{}
	empty.SetGroupVersionKind(kind)
	made, err := converter.ObjectToTyped(empty)
	if err == nil {
		l.empty.Store(kind, made)
	}
	return made, err
}

// TypedToObject implements managedfields.TypeConverter.
func (l lazyTypeConverter) TypedToObject(value *typed.TypedValue) (runtime.Object, error) {
	converter, err := l.get()
	if err != nil {
		return nil, err
	}
	return converter.TypedToObject(value)
}

// firstMistakes returns the error for an object that the converter has refused,
// with the mistakes in the order of the fields' names. The library looks at the
// fields of a map in random order and no further than the first that it does not
// know, so which one it names changes. The schema is that of an object of the
// same kind without any mistake.
func (l lazyTypeConverter) firstMistakes(converter managedfields.TypeConverter, object *unstructured.Unstructured, found error,
	options []typed.ValidationOptions) error {
	like, err := l.like(converter, object.GroupVersionKind())
	if err != nil {
		return found
	}
	if _, err := typed.AsTyped(sortedValue{value.NewValueInterface(object.Object)}, like.Schema(), like.TypeRef(), options...); err != nil {
		return err
	}
	return found
}

// sortedValue is a value whose maps, at every depth, have their keys in order.
type sortedValue struct{ value.Value }

// AsMap implements value.Value.
func (v sortedValue) AsMap() value.Map { return sortedMap{v.Value.AsMap()} }

// AsMapUsing implements value.Value.
func (v sortedValue) AsMapUsing(value.Allocator) value.Map { return v.AsMap() }

// AsList implements value.Value.
func (v sortedValue) AsList() value.List { return sortedItems{v.Value.AsList()} }

// AsListUsing implements value.Value.
func (v sortedValue) AsListUsing(value.Allocator) value.List { return v.AsList() }

// Format implements fmt.Formatter: messages quote the value, and not that it is
// sorted.
func (v sortedValue) Format(state fmt.State, verb rune) {
	fmt.Fprintf(state, fmt.FormatString(state, verb), v.Value)
}

type sortedMap struct{ value.Map }

// Iterate implements value.Map.
func (m sortedMap) Iterate(f func(string, value.Value) bool) bool {
	items := map[string]value.Value{}
	m.Map.Iterate(func(key string, _ value.Value) bool {
		items[key], _ = m.Get(key)
		return true
	})
	for _, key := range slices.Sorted(maps.Keys(items)) {
		if !f(key, sortedValue{items[key]}) {
			return false
		}
	}
	return true
}

// IterateUsing implements value.Map.
func (m sortedMap) IterateUsing(_ value.Allocator, f func(string, value.Value) bool) bool {
	return m.Iterate(f)
}

type sortedItems struct{ value.List }

// At implements value.List.
func (l sortedItems) At(i int) value.Value { return sortedValue{l.List.At(i)} }

// AtUsing implements value.List.
func (l sortedItems) AtUsing(_ value.Allocator, i int) value.Value { return l.At(i) }
