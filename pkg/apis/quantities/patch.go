package quantities

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Operation is an operation of a JSON patch (RFC 6902), as the library decodes it.
type Operation map[string]json.RawMessage

// Text returns a member that is a string, or "".
func (o Operation) Text(name string) (text string) {
	_ = json.Unmarshal(o[name], &text)
	return text
}

// Path returns a member that is a path as its segments; none for the whole
// object. Like the library, it does not look at what is before the first slash.
func (o Operation) Path(name string) []string {
	segments := strings.Split(o.Text(name), "/")[1:]
	for i, s := range segments {
		segments[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return segments
}

// CheckOperation returns an *Error if an operation writes a costly quantity into
// an object of a type, and another error if it copies or moves a value that was no
// quantity to where it is one.
func CheckOperation(o Operation, t reflect.Type) error {
	to, path := at(t, o.Path("path")), strings.TrimPrefix(o.Text("path"), "/")
	switch o.Text("op") {
	case "copy", "move":
		if from := at(t, o.Path("from")); from != to && Contains(to) {
			return fmt.Errorf("the JSON patch cannot put the value of %s in %s, because only one of them is a quantity", o.Text("from"), o.Text("path"))
		}
		return nil
	default:
		return under(path, CheckJSON(bytes.NewReader(o["value"]), to))
	}
}

// at follows a path through a type. It returns nil if the path leads to no type.
func at(t reflect.Type, path []string) reflect.Type {
	for _, segment := range path {
		if item := Element(t); item != nil {
			t = item
		} else {
			t = Member(t, segment)
		}
	}
	return indirect(t)
}
