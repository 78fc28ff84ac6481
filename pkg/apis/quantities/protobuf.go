package quantities

import (
	"reflect"
	"strconv"
	"strings"
)

// CheckProtobuf returns an *Error for the first costly quantity in protobuf that
// will be decoded into a type, and counts the messages that the decoder will make.
// Like the decoder, it takes numbers modulo 2^64 and tags modulo 2^32. A message
// with a mistake is checked up to that.
func CheckProtobuf(data []byte, t reflect.Type) (messages int, err error) {
	err = message(data, t, &messages)
	return messages, err
}

// message checks a message of a type, or the entry of a map.
func message(data []byte, t reflect.Type, messages *int) error {
	*messages++
	for len(data) > 0 {
		tag, n := varint(data)
		data = data[n:]
		size := 0
		switch wire := tag & 7; {
		case n == 0:
			return nil
		case wire == 0:
			_, size = varint(data)
		case wire == 1:
			size = 8
		case wire == 5:
			size = 4
		case wire == 2:
			length, n := varint(data)
			if data = data[n:]; n == 0 || length > uint64(len(data)) {
				return nil
			}
			size = int(length)
			if err := field(data[:size], t, int32(tag>>3), messages); err != nil {
				return err
			}
		}
		if size > len(data) {
			return nil
		}
		data = data[size:]
	}
	return nil
}

// field checks a field with a length, which is part of a message of type t.
func field(data []byte, t reflect.Type, number int32, messages *int) error {
	var name string
	var member reflect.Type
	switch {
	case t == quantityType:
		if number == 1 && Costly(data, false) {
			return &Error{Text: string(data)}
		}
	case t.Kind() == reflect.Map:
		if number == 2 {
			member = t.Elem()
		}
	case t.Kind() == reflect.Struct:
		name, member = numbered(t, number)
	}
	for member != nil && (member.Kind() == reflect.Pointer || member.Kind() == reflect.Slice) {
		member = member.Elem()
	}
	if member == nil || member.Kind() != reflect.Struct && member.Kind() != reflect.Map {
		return nil
	}
	if err := message(data, member, messages); err != nil {
		if name == "" {
			return err
		}
		return under(name, err)
	}
	return nil
}

// numbered returns the name in JSON and the type of the field with a number.
func numbered(t reflect.Type, number int32) (string, reflect.Type) {
	for i := range t.NumField() {
		field := t.Field(i)
		_, rest, _ := strings.Cut(field.Tag.Get("protobuf"), ",")
		if n, _, _ := strings.Cut(rest, ","); n == strconv.Itoa(int(number)) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			return name, field.Type
		}
	}
	return "", nil
}

// varint reads a number, and returns its length in bytes; 0 if it is not complete.
func varint(data []byte) (number uint64, length int) {
	for i, c := range data[:min(len(data), 10)] {
		number |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return number, i + 1
		}
	}
	return 0, 0
}
