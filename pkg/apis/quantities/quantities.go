// Package quantities finds resource.Quantity values that must not be parsed. The
// cost of resource.ParseQuantity, and of all that is done with its result, grows
// with the exponent of the number, not with the length of its text:
// "1e-2147483647" takes a minute and hundreds of megabytes. Whether a text is
// parsed at all depends on the type of its field; the name of an image or a label
// may be the same text. So encoded objects are walked along their Go types.
//
// kube-apiserver has no such bound. By its documentation a quantity is at most
// 2^63-1 and has at most three decimal places.
package quantities

import (
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/api/resource"
)

const (
	// MaxExponent is the largest decimal exponent of a quantity, and its negative
	// the smallest. A body of 3 MB holds 200,000 quantities, and each with four
	// digits of exponent takes 50 microseconds and 50 kB.
	MaxExponent = 999
	// MaxDigits is the number of characters that a quantity may have before its
	// exponent or its unit. Parsing takes time in the square of it.
	MaxDigits = 1000
)

// Error is a quantity that must not be parsed.
type Error struct {
	// Field is where it is, in the form "spec.containers[0].resources.limits[cpu]".
	Field string
	// Text is the quantity.
	Text string
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Text
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	where := ""
	if e.Field != "" {
		where = " in " + e.Field
	}
	return fmt.Sprintf("the quantity %q%s has an exponent beyond %d or more than %d digits", text, where, MaxExponent, MaxDigits)
}

// under adds the beginning to the field of an error.
func under(field string, err error) error {
	e, ok := err.(*Error)
	if !ok {
		return err
	}
	if e.Field != "" && e.Field[0] != '[' {
		field += "."
	}
	return &Error{Field: field + e.Field, Text: e.Text}
}

// Costly reports whether a text is a number with a larger exponent or more digits
// than a quantity may have, surrounded by blanks or not. It looks only at the
// beginning of what is not a number. With escapes, the text is the inside of a
// string in JSON.
func Costly[T string | []byte](text T, escapes bool) bool {
	if len(text) == 0 {
		return false
	}
	c := text[0]
	return (c <= '9' || c == '\\' || c >= 0x80) && costly(text, escapes)
}

func costly[T string | []byte](text T, escapes bool) bool {
	const (
		start = iota
		digits
		exponentStart
		exponentDigits
		end
	)
	state, count, exponent := start, 0, 0
	for i := 0; i < len(text); {
		c, size := character(text[i:], escapes)
		i += size
		switch digit := '0' <= c && c <= '9'; {
		case state == start && c == ' ', state == end && c == ' ':
		case state == start && (c == '+' || c == '-'):
			state = digits
		case state <= digits && (digit || c == '.'):
			state = digits
			if count++; count > MaxDigits {
				return true
			}
		case state == digits && (c == 'e' || c == 'E'):
			state = exponentStart
		case state == exponentStart && (c == '+' || c == '-'):
			state = exponentDigits
		case (state == exponentStart || state == exponentDigits) && digit:
			state, exponent = exponentDigits, min(exponent*10+int(c-'0'), MaxExponent+1)
		case state == exponentDigits && c == ' ':
			state = end
		default:
			return false
		}
	}
	return exponent > MaxExponent
}

// character returns the first character of a text, and its length in bytes. A
// blank of any kind is ' ', and so is every byte outside of ASCII, because some
// begin blanks that are trimmed from a quantity, and none is part of one.
func character[T string | []byte](text T, escapes bool) (byte, int) {
	c, size := text[0], 1
	if escapes && c == '\\' {
		if len(text) < 2 {
			return c, 1
		}
		switch text[1] {
		case 't', 'n', 'r', 'f', 'b':
			return ' ', 2
		case 'u':
			if len(text) < 6 {
				return c, 1
			}
			code := 0
			for _, digit := range []byte(text[2:6]) {
				code = code<<4 | hexadecimal(digit)
			}
			c, size = byte(min(code, 0xff)), 6
		default:
			return c, 2
		}
	}
	if c >= 0x80 || '\t' <= c && c <= '\r' {
		c = ' '
	}
	return c, size
}

func hexadecimal(digit byte) int {
	switch {
	case '0' <= digit && digit <= '9':
		return int(digit - '0')
	case 'a' <= digit|0x20 && digit|0x20 <= 'f':
		return int(digit|0x20-'a') + 10
	}
	return 0
}

var quantityType = reflect.TypeFor[resource.Quantity]()

// Contains reports whether values of a type have quantities in them.
func Contains(t reflect.Type) bool {
	return contains(t, map[reflect.Type]bool{})
}

func contains(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t == nil || seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return contains(t.Elem(), seen)
	case reflect.Struct:
		if t == quantityType {
			return true
		}
		for i := range t.NumField() {
			if contains(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}
