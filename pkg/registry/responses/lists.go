package responses

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

var (
	typeMetaType = reflect.TypeFor[metav1.TypeMeta]()
	listMetaType = reflect.TypeFor[metav1.ListMeta]()
	objectType   = reflect.TypeFor[metav1.Object]()
)

// items returns the items of a list that is made as all lists of the API, of objects with
// metadata, and that has enough of them. The library's encoders write such a list item by item, too.
func (e encoder) items(obj runtime.Object) (items reflect.Value, ok bool) {
	if _, list := obj.(metav1.ListInterface); !list {
		return items, false
	}
	list := reflect.ValueOf(obj)
	if list.Kind() != reflect.Pointer || list.IsNil() || list.Elem().Kind() != reflect.Struct {
		return items, false
	}
	list = list.Elem()
	t := list.Type()
	if t.NumField() != 3 || t.Field(0).Type != typeMetaType || t.Field(1).Type != listMetaType || t.Field(2).Name != "Items" {
		return items, false
	}
	items = list.Field(2)
	if items.Kind() != reflect.Slice || items.Len() < minItems || !reflect.PointerTo(items.Type().Elem()).Implements(objectType) {
		return items, false
	}
	return items, e.format.fits(t)
}

// withoutItems returns a list as obj without its items.
func withoutItems(obj runtime.Object) runtime.Object {
	list := reflect.ValueOf(obj).Elem()
	empty := reflect.New(list.Type())
	empty.Elem().Set(list)
	empty.Elem().Field(2).Set(reflect.MakeSlice(list.Field(2).Type(), 0, 0))
	return empty.Interface().(runtime.Object)
}
