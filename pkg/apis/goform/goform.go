package goform

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Of wraps v so that encoding/json encodes it with the names of Go fields. Nil
// pointers, slices and maps are encoded as null.
func Of(v any) json.Marshaler { return form{reflect.ValueOf(v)} }

type form struct{ reflect.Value }

func (f form) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	err := write(&b, f.Value)
	return b.Bytes(), err
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// tagged reports whether values of the type t are encoded by encoding/json as
// usual. These are types with their own marshaler and the types of
// apimachinery, which internal and published objects have in common.
func tagged(t reflect.Type) bool {
	if t.Implements(jsonMarshaler) || t.Implements(textMarshaler) {
		return true
	}
	return t.Kind() == reflect.Struct && strings.HasPrefix(t.PkgPath(), "k8s.io/apimachinery/")
}

func write(b *bytes.Buffer, v reflect.Value) error {
	if !v.IsValid() {
		b.WriteString("null")
		return nil
	}
	if tagged(v.Type()) {
		return writeJSON(b, v)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("null")
			return nil
		}
		return write(b, v.Elem())
	case reflect.Struct:
		return writeStruct(b, v)
	case reflect.Slice:
		if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
			return writeJSON(b, v)
		}
		return writeList(b, v)
	case reflect.Map:
		if v.IsNil() {
			return writeJSON(b, v)
		}
		return writeMap(b, v)
	}
	return writeJSON(b, v)
}

func writeJSON(b *bytes.Buffer, v reflect.Value) error {
	raw, err := json.Marshal(v.Interface())
	b.Write(raw)
	return err
}

func writeList(b *bytes.Buffer, v reflect.Value) error {
	b.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := write(b, v.Index(i)); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

func writeMap(b *bytes.Buffer, v reflect.Value) error {
	members := map[string]reflect.Value{}
	for it := v.MapRange(); it.Next(); {
		members[fmt.Sprint(it.Key())] = it.Value()
	}
	o := object{b: b}
	b.WriteByte('{')
	for _, k := range slices.Sorted(maps.Keys(members)) {
		if err := o.member(k, members[k]); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func writeStruct(b *bytes.Buffer, v reflect.Value) error {
	b.WriteByte('{')
	if err := (&object{b: b}).fields(v); err != nil {
		return err
	}
	b.WriteByte('}')
	return nil
}

// object encodes one JSON object.
type object struct {
	b    *bytes.Buffer
	some bool
}

func (o *object) comma() {
	if o.some {
		o.b.WriteByte(',')
	}
	o.some = true
}

func (o *object) member(name string, v reflect.Value) error {
	o.comma()
	key, err := json.Marshal(name)
	if err != nil {
		return err
	}
	o.b.Write(key)
	o.b.WriteByte(':')
	return write(o.b, v)
}

// fields encodes the fields of a struct, including the fields of embedded
// structs.
func (o *object) fields(v reflect.Value) error {
	for _, f := range shapeOf(v) {
		var err error
		switch {
		case !f.embedded:
			err = o.member(f.name, f.value)
		case tagged(f.value.Type()):
			err = o.taggedFields(f.value)
		default:
			err = o.fields(f.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// taggedFields encodes the fields of an embedded metav1 type. It has JSON tags
// in the internal types, too.
func (o *object) taggedFields(v reflect.Value) error {
	raw, err := json.Marshal(v.Interface())
	if err != nil || len(raw) <= len("{}") {
		return err
	}
	o.comma()
	o.b.Write(raw[1 : len(raw)-1])
	return nil
}
