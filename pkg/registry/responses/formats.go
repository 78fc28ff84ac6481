package responses

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// format is a way to encode a list: some text before the items, the items one after the other,
// and some text after them.
type format interface {
	// name tells the texts of formats apart.
	name() string
	// fits says whether lists of the type can be encoded.
	fits(list reflect.Type) bool
	// size is the number of bytes of an item's text, or 0 if frame does not need to know it.
	size(item any) int
	// frame returns the text before and after the items, whose texts have so many bytes in all.
	frame(list runtime.Object, size int) (head, tail []byte, err error)
	// item adds the text of an item to out.
	item(out *bytes.Buffer, item any, first bool) error
	// object writes the text of an object that is in no list, if the library would do it more slowly.
	object(obj runtime.Object, w io.Writer) (done bool, err error)
}

// jsonFormat is a format of JSON. The serializer encodes what is not an item.
type jsonFormat struct{ runtime.Serializer }

func (jsonFormat) name() string           { return "json" }
func (jsonFormat) fits(reflect.Type) bool { return true }
func (jsonFormat) size(any) int           { return 0 }

func (f jsonFormat) frame(list runtime.Object, _ int) (head, tail []byte, err error) {
	const end = "]}\n"
	head, err = beforeItems(f, list, end)
	return head, []byte(end), err
}

func (jsonFormat) item(out *bytes.Buffer, item any, first bool) error {
	if !first {
		out.WriteByte(',')
	}
	if done, err := encodeObject(item, out); done {
		return err
	}
	if err := json.NewEncoder(out).Encode(item); err != nil {
		return err
	}
	out.Truncate(out.Len() - len("\n"))
	return nil
}

func (jsonFormat) object(obj runtime.Object, w io.Writer) (done bool, err error) {
	return writeObject(obj, w)
}

// prettyFormat is the format of JSON for people. The library's encoder has a list of any size in memory as a
// whole, several times over.
type prettyFormat struct{ runtime.Serializer }

func (prettyFormat) name() string           { return "pretty" }
func (prettyFormat) fits(reflect.Type) bool { return true }
func (prettyFormat) size(any) int           { return 0 }

func (f prettyFormat) frame(list runtime.Object, _ int) (head, tail []byte, err error) {
	head, err = beforeItems(f, list, "]\n}")
	return head, []byte("\n  ]\n}"), err
}

func (prettyFormat) item(out *bytes.Buffer, item any, first bool) error {
	if !first {
		out.WriteByte(',')
	}
	out.WriteString("\n    ")
	text, err := json.MarshalIndent(item, "    ", "  ")
	out.Write(text)
	return err
}

func (prettyFormat) object(runtime.Object, io.Writer) (done bool, err error) { return false, nil }

// beforeItems returns the text of a list before its items. Without items, the list ends with the given text after it.
func beforeItems(s runtime.Serializer, list runtime.Object, end string) (head []byte, err error) {
	var empty bytes.Buffer
	if err := s.Encode(withoutItems(list), &empty); err != nil {
		return nil, err
	}
	head, found := bytes.CutSuffix(empty.Bytes(), []byte(end))
	if !found {
		return nil, fmt.Errorf("a list without items ends with %q", empty.Bytes()[max(0, empty.Len()-len(end)):])
	}
	return head, nil
}

// protobufFormat is the format of Kubernetes' protobuf: a list is a message of its metadata
// and its items, in the field "raw" of an Unknown.
type protobufFormat struct{}

const (
	metadataTag = 1<<3 | 2 // field 1, with a length
	itemTag     = 2<<3 | 2 // field 2, with a length
)

func (protobufFormat) name() string { return "protobuf" }

func (protobufFormat) fits(list reflect.Type) bool {
	return list.Field(1).Tag.Get("protobuf") == "bytes,1,opt,name=metadata" && list.Field(2).Tag.Get("protobuf") == "bytes,2,rep,name=items" &&
		reflect.PointerTo(list.Field(2).Type.Elem()).Implements(reverseMarshalerType)
}

func (protobufFormat) size(item any) int {
	size := item.(runtime.ProtobufReverseMarshaller).Size()
	return len(appendLength(nil, itemTag, size)) + size
}

func (protobufFormat) frame(list runtime.Object, size int) (head, tail []byte, err error) {
	meta, err := reflect.ValueOf(list).Elem().Field(1).Addr().Interface().(*metav1.ListMeta).Marshal()
	if err != nil {
		return nil, nil, err
	}
	start := append(appendLength(nil, metadataTag, len(meta)), meta...)
	gvk := list.GetObjectKind().GroupVersionKind()
	unknown := runtime.Unknown{TypeMeta: runtime.TypeMeta{Kind: gvk.Kind, APIVersion: gvk.GroupVersion().String()}}
	out := bytes.NewBufferString(apis.ProtobufPrefix)
	split := 0
	_, err = unknown.MarshalToWriter(out, len(start)+size, func(w io.Writer) (int, error) {
		n, err := w.Write(start)
		split = out.Len()
		return n + size, err // the items follow
	})
	return out.Bytes()[:split:split], out.Bytes()[split:], err
}

func (protobufFormat) item(out *bytes.Buffer, item any, _ bool) error {
	message := item.(runtime.ProtobufReverseMarshaller)
	size := message.Size()
	text := slices.Grow(appendLength(out.AvailableBuffer(), itemTag, size), size)
	head := len(text)
	n, err := message.MarshalToSizedBuffer(text[head : head+size])
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes are announced, and %d encoded", size, n)
	}
	out.Write(text[:head+size])
	return err
}

func (protobufFormat) object(runtime.Object, io.Writer) (done bool, err error) { return false, nil }

// appendLength adds the begin of a field with a length.
func appendLength(to []byte, tag byte, length int) []byte {
	return binary.AppendUvarint(append(to, tag), uint64(length))
}

var reverseMarshalerType = reflect.TypeFor[runtime.ProtobufReverseMarshaller]()
