package responses

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The text of an object of a Go type begins with its type and its metadata. So an object is encoded
// with other metadata, whose text is then replaced by that of its own metadata, which a
// metadataEncoder has made.
var (
	placeholder     = metav1.ObjectMeta{Name: "-"}
	placeholderText = []byte(`"metadata":{"name":"-"}`)
	metadataText    = []byte(`"metadata":`)
)

// objectEncoder encodes objects of Go types in JSON, with the same result as encoding/json.
type objectEncoder struct {
	metadataEncoder
	// own is the text of the object's own metadata.
	own []byte
}

var objectEncoders = sync.Pool{New: func() any {
	e := &objectEncoder{}
	e.init()
	return e
}}

// encodeObject writes the text of an object, without the end of a line. It does nothing if the object has no
// managed fields, or is not made as usual.
func encodeObject(object any, out *bytes.Buffer) (done bool, err error) {
	accessor, ok := object.(metav1.ObjectMetaAccessor)
	if !ok {
		return false, nil
	}
	metadata, ok := accessor.GetObjectMeta().(*metav1.ObjectMeta)
	if !ok || len(metadata.ManagedFields) == 0 {
		return false, nil
	}
	value := reflect.ValueOf(object)
	scratch := scratchOf(value.Type())
	if scratch == nil {
		return false, nil
	}
	e := objectEncoders.Get().(*objectEncoder)
	defer objectEncoders.Put(e)
	e.out.Reset()
	if err := e.metadata(*metadata); err != nil {
		return true, err
	}
	e.own = append(e.own[:0], e.out.Bytes()...)
	e.out.Reset()
	if err := scratch.encode(value.Elem(), e); err != nil {
		return true, err
	}
	text := e.out.Bytes()
	at := bytes.Index(text, placeholderText)
	if at < 0 {
		return false, nil
	}
	out.Write(text[:at+len(metadataText)])
	out.Write(e.own)
	out.Write(text[at+len(placeholderText):])
	return true, nil
}

// scratch has room for an object of a type whose metadata is to be another: the object itself is shared.
type scratch struct{ pool sync.Pool }

// scratches are those of all types, by the types of the pointers to objects. A type that is
// encoded in another way has nil.
var scratches sync.Map

func scratchOf(pointer reflect.Type) *scratch {
	if found, ok := scratches.Load(pointer); ok {
		return found.(*scratch)
	}
	var made *scratch
	if usual(pointer) {
		t := pointer.Elem()
		made = &scratch{sync.Pool{New: func() any { return reflect.New(t).Interface() }}}
	}
	found, _ := scratches.LoadOrStore(pointer, made)
	return found.(*scratch)
}

// usual says whether objects of a type have their type first and then their metadata.
func usual(pointer reflect.Type) bool {
	if pointer.Kind() != reflect.Pointer || pointer.Elem().Kind() != reflect.Struct || pointer.Implements(marshalerType) {
		return false
	}
	t := pointer.Elem()
	return t.NumField() >= 2 && t.Field(0).Type == typeMetaType && t.Field(1).Type == objectMetaType
}

func (s *scratch) encode(object reflect.Value, e *objectEncoder) error {
	pointer := s.pool.Get()
	defer s.pool.Put(pointer)
	room := reflect.ValueOf(pointer).Elem()
	defer room.SetZero()
	room.Set(object)
	*room.Field(1).Addr().Interface().(*metav1.ObjectMeta) = placeholder
	return e.value(pointer)
}

// writeObject writes the text of an object as the library does, by one call.
func writeObject(object any, w io.Writer) (done bool, err error) {
	out := texts.Get().(*bytes.Buffer)
	defer texts.Put(out)
	out.Reset()
	if done, err := encodeObject(object, out); !done || err != nil {
		return done, err
	}
	out.WriteByte('\n')
	_, err = w.Write(out.Bytes())
	return true, err
}

var texts = sync.Pool{New: func() any { return &bytes.Buffer{} }}

var (
	objectMetaType = reflect.TypeFor[metav1.ObjectMeta]()
	marshalerType  = reflect.TypeFor[json.Marshaler]()
)
