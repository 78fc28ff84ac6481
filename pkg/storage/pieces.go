package storage

import (
	"bytes"
	"hash/maphash"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protowire"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

const (
	// pieceCount is the number of pieces, and of strings, that are remembered.
	pieceCount = 2048
	// maxPiece is the greatest length in bytes of the encoding of a piece. minPiece is the
	// smallest: it costs more to look for less.
	maxPiece = 4 << 10
	minPiece = 8
	// maxString is the greatest length of a string in bytes.
	maxString = 128
)

// pieces gives the objects of the watch cache one copy of the pieces that they have in
// common. The pods of a deployment differ in their names, addresses and times, but they
// have the same containers, tolerations and labels; without this the watch cache has them
// in memory as often as there are pods. A piece is a list, a map, or what a pointer points
// to. It is found by its encoding, and taken only if it is deeply equal, because defaults
// may depend on what is around it.
//
// Nobody may change the pieces of an object in the watch cache, as nobody may change the
// objects: clients get the same ones at the same time. Slices have no capacity to append to.
// The pieces that are remembered are replaced by newer ones with the same place in a
// table.
type pieces struct {
	seed    maphash.Seed
	known   [pieceCount]atomic.Pointer[piece]
	strings [pieceCount]atomic.Pointer[string]
}

// piece is a piece with the hash of its encoding.
type piece struct {
	hash  uint64
	value reflect.Value
}

func newPieces() *pieces { return &pieces{seed: maphash.MakeSeed()} }

// share gives an object the pieces that others have, too. data is what the object was
// decoded from. Secrets are left out, so that none is kept longer than its object.
func (p *pieces) share(obj runtime.Object, data []byte) {
	if _, secret := obj.(*corev1.Secret); secret {
		return
	}
	envelope, ok := bytes.CutPrefix(data, []byte(apis.ProtobufPrefix))
	if !ok {
		return
	}
	eachField(envelope, func(number protowire.Number, _, content []byte, _ int) {
		if number == 2 { // runtime.Unknown has the object there
			p.message(reflect.ValueOf(obj).Elem(), content)
		}
	})
}

// message shares the pieces of a struct with the given encoding.
func (p *pieces) message(v reflect.Value, encoding []byte) {
	fields := fieldsByNumber(v.Type())
	eachField(encoding, func(number protowire.Number, whole, content []byte, count int) {
		if index, ok := fields[number]; ok {
			p.field(v.Field(index), whole, content, count)
		}
	})
}

// field shares a field of a struct. whole is the encoding of the field, which occurs count
// times; content is the last occurrence without its tag.
func (p *pieces) field(v reflect.Value, whole, content []byte, count int) {
	switch v.Kind() {
	case reflect.String:
		p.text(v)
		return
	case reflect.Struct:
		p.message(v, content)
		return
	case reflect.Slice, reflect.Map, reflect.Pointer:
	default:
		return
	}
	if v.IsNil() || len(whole) < minPiece {
		return
	}
	hash := maphash.Bytes(p.seed, whole)
	place := &p.known[hash%pieceCount]
	if known := place.Load(); known != nil && known.hash == hash && reflect.DeepEqual(known.value.Interface(), v.Interface()) {
		v.Set(known.value)
		return
	}
	p.parts(v, whole, content, count)
	if v.Kind() == reflect.Slice {
		v.Set(v.Slice3(0, v.Len(), v.Len()))
	}
	if len(whole) <= maxPiece {
		place.Store(&piece{hash, reflect.ValueOf(v.Interface())})
	}
}

// parts shares the pieces of a piece that is not known itself.
func (p *pieces) parts(v reflect.Value, whole, content []byte, count int) {
	switch {
	case v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct:
		p.message(v.Elem(), content)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		for i := range v.Len() {
			p.text(v.Index(i))
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct && v.Len() == count:
		for i := range count {
			_, _, tag := protowire.ConsumeTag(whole)
			content, n := protowire.ConsumeBytes(whole[tag:])
			p.message(v.Index(i), content)
			whole = whole[tag+n:]
		}
	}
}

// text shares a string.
func (p *pieces) text(v reflect.Value) {
	s := v.String()
	if len(s) == 0 || len(s) > maxString {
		return
	}
	place := &p.strings[maphash.String(p.seed, s)%pieceCount]
	if known := place.Load(); known != nil && *known == s {
		v.SetString(*known)
		return
	}
	place.Store(&s)
}

// fieldsOfTypes are the results of fieldsByNumber.
var fieldsOfTypes sync.Map // from reflect.Type to map[protowire.Number]int

// fieldsByNumber returns the indices of those fields of a struct that are encoded with a
// length, by their numbers in the encoding.
func fieldsByNumber(t reflect.Type) map[protowire.Number]int {
	if fields, ok := fieldsOfTypes.Load(t); ok {
		return fields.(map[protowire.Number]int)
	}
	fields := map[protowire.Number]int{}
	for i := range t.NumField() {
		wire, rest, _ := strings.Cut(t.Field(i).Tag.Get("protobuf"), ",")
		text, _, _ := strings.Cut(rest, ",")
		number, err := strconv.ParseInt(text, 10, 32)
		if wire == "bytes" && err == nil && t.Field(i).IsExported() {
			fields[protowire.Number(number)] = i
		}
	}
	fieldsOfTypes.Store(t, fields)
	return fields
}

// eachField calls f for each field with a length in the encoding of a message, in the order
// in which they occur. The occurrences of a repeated field stand one after the other and
// are given at once: whole has all of them, content is the last one without its tag, and
// count is their number. eachField ends at the first mistake.
func eachField(encoding []byte, f func(number protowire.Number, whole, content []byte, count int)) {
	for len(encoding) > 0 {
		number, kind, tag := protowire.ConsumeTag(encoding)
		if tag < 0 {
			return
		}
		if kind != protowire.BytesType {
			n := protowire.ConsumeFieldValue(number, kind, encoding[tag:])
			if n < 0 {
				return
			}
			encoding = encoding[tag+n:]
			continue
		}
		var content []byte
		end, count := 0, 0
		for {
			next, kind, tag := protowire.ConsumeTag(encoding[end:])
			if tag < 0 || next != number || kind != protowire.BytesType {
				break
			}
			value, n := protowire.ConsumeBytes(encoding[end+tag:])
			if n < 0 {
				return
			}
			content, end, count = value, end+tag+n, count+1
		}
		f(number, encoding[:end], content, count)
		encoding = encoding[end:]
	}
}
