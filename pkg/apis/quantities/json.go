package quantities

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// CheckJSON returns an *Error for the first costly quantity in JSON that will be
// decoded into a type. It reads the JSON in the order of the decoder, which also
// parses the values of keys that follow again. JSON with a mistake is checked up
// to that; the decoder reports it.
func CheckJSON(data io.Reader, t reflect.Type) error {
	decoder := json.NewDecoder(data)
	decoder.UseNumber()
	if err := value(decoder, t); err != errMalformed {
		return err
	}
	return nil
}

// errMalformed ends a check.
var errMalformed = errors.New("malformed JSON")

// value checks the next value.
func value(decoder *json.Decoder, t reflect.Type) error {
	token, err := decoder.Token()
	if err != nil {
		return errMalformed
	}
	t = indirect(t)
	switch token := token.(type) {
	case string:
		return text(token, t)
	case json.Number:
		return text(string(token), t)
	case json.Delim:
		for i := 0; decoder.More(); i++ {
			name := fmt.Sprintf("[%d]", i)
			member := Element(t)
			if token == '{' {
				key, err := decoder.Token()
				if err != nil {
					return errMalformed
				}
				name = fmt.Sprint(key)
				if member = Member(t, name); t != nil && t.Kind() == reflect.Map {
					name = "[" + name + "]"
				}
			}
			if err := value(decoder, member); err != nil {
				return under(name, err)
			}
		}
		if _, err := decoder.Token(); err != nil { // the closing bracket
			return errMalformed
		}
	}
	return nil
}

// text checks a string or a number.
func text(text string, t reflect.Type) error {
	if t == quantityType && Costly(text, false) {
		return &Error{Text: text}
	}
	return nil
}

// Element returns the type of the items of a list, or nil.
func Element(t reflect.Type) reflect.Type {
	if t = indirect(t); t != nil && t.Kind() == reflect.Slice {
		return t.Elem()
	}
	return nil
}

// Member returns the type of the member of an object that has a key in JSON, or
// nil. It does not look at the case of letters, because encoding/json does not.
func Member(t reflect.Type, key string) reflect.Type {
	t = indirect(t)
	switch {
	case t == nil || t == quantityType:
	case t.Kind() == reflect.Map:
		return t.Elem()
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			field := t.Field(i)
			switch name, _, _ := strings.Cut(field.Tag.Get("json"), ","); {
			case name != "" && strings.EqualFold(name, key):
				return field.Type
			case name == "" && field.Anonymous:
				if member := Member(field.Type, key); member != nil {
					return member
				}
			}
		}
	}
	return nil
}

// indirect returns what a pointer points to.
func indirect(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
