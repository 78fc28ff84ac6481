// Package listencoding encodes lists faster when they are asked for again and again. Most
// objects of a list have not changed since the last one, and encoding an object costs more than
// everything else that is done for it. So the encoder keeps the bytes of objects (see [Cache])
// and copies them into the next list. The result is the same as without it.
package listencoding

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	// minItems is the number of items from which on a list is encoded with a cache.
	minItems = 8
	// bufferSize is the size of the parts in which a list is written.
	bufferSize = 32 << 10
)

// New returns a serializer whose JSON encoder uses the cache for lists of Go types.
func New(serializer runtime.NegotiatedSerializer, cache *Cache) runtime.NegotiatedSerializer {
	return negotiated{serializer, cache}
}

type negotiated struct {
	runtime.NegotiatedSerializer
	cache *Cache
}

// SupportedMediaTypes implements runtime.NegotiatedSerializer.
func (n negotiated) SupportedMediaTypes() []runtime.SerializerInfo {
	supported := slices.Clone(n.NegotiatedSerializer.SupportedMediaTypes()) // all servers share the original
	for i := range supported {
		if supported[i].MediaType == runtime.ContentTypeJSON {
			supported[i].Serializer = encoder{supported[i].Serializer, n.cache}
		}
	}
	return supported
}

// encoder is a serializer for JSON.
type encoder struct {
	runtime.Serializer
	cache *Cache
}

// Encode implements runtime.Encoder. Nearly all objects are no lists, above all those of
// watches; for them it has to be quick.
func (e encoder) Encode(obj runtime.Object, w io.Writer) error {
	if _, list := obj.(metav1.ListInterface); !list {
		return e.Serializer.Encode(obj, w)
	}
	return e.encodeList(obj, w)
}

func (e encoder) encodeList(obj runtime.Object, w io.Writer) error {
	items, ok := itemsOf(obj)
	if !ok || items.Len() < minItems {
		return e.Serializer.Encode(obj, w)
	}
	var empty bytes.Buffer
	if err := e.Serializer.Encode(withoutItems(obj), &empty); err != nil {
		return err
	}
	head, found := bytes.CutSuffix(empty.Bytes(), []byte("]}\n"))
	if !found || len(head) == 0 {
		return e.Serializer.Encode(obj, w)
	}
	// The response is only compressed if its first part is small or very large.
	if _, err := w.Write(head[:1]); err != nil {
		return err
	}
	out := buffers.Get().(*bufio.Writer)
	defer buffers.Put(out)
	out.Reset(w)
	defer out.Reset(nil)
	_, _ = out.Write(head[1:]) // it returns its error again at the end
	if err := e.encodeItems(items, out); err != nil {
		return err
	}
	_, _ = out.WriteString("]}\n")
	return out.Flush()
}

func (e encoder) encodeItems(items reflect.Value, out *bufio.Writer) error {
	var fresh bytes.Buffer
	encoder := json.NewEncoder(&fresh)
	itemType := items.Type().Elem()
	for i := range items.Len() {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		item := items.Index(i).Addr().Interface()
		meta := item.(metav1.Object)
		o := object{itemType, meta.GetUID(), meta.GetResourceVersion()}
		known := o.uid != "" && o.resourceVersion != ""
		if known {
			if data := e.cache.get(o); data != nil {
				_, _ = out.Write(data)
				continue
			}
		}
		fresh.Reset()
		if err := encoder.Encode(item); err != nil {
			return err
		}
		data := bytes.TrimSuffix(fresh.Bytes(), []byte("\n"))
		if known {
			e.cache.offer(o, data)
		}
		if _, err := out.Write(data); err != nil {
			return err
		}
	}
	return nil
}

var buffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, bufferSize) }}

var (
	typeMetaType = reflect.TypeFor[metav1.TypeMeta]()
	listMetaType = reflect.TypeFor[metav1.ListMeta]()
	objectType   = reflect.TypeFor[metav1.Object]()
)

// itemsOf returns the items of a list that is made as all lists of the API, of
// objects with metadata. The library's encoder writes such a list item by item, too.
func itemsOf(obj runtime.Object) (items reflect.Value, ok bool) {
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
	return items, items.Kind() == reflect.Slice && reflect.PointerTo(items.Type().Elem()).Implements(objectType)
}

// withoutItems returns a list as obj without its items.
func withoutItems(obj runtime.Object) runtime.Object {
	list := reflect.ValueOf(obj).Elem()
	empty := reflect.New(list.Type())
	empty.Elem().Set(list)
	empty.Elem().Field(2).Set(reflect.MakeSlice(list.Field(2).Type(), 0, 0))
	return empty.Interface().(runtime.Object)
}
