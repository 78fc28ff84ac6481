package compat

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// path is a way down a JSON tree: string keys and int indexes.
type path []any

func (p path) String() string {
	var b strings.Builder
	for _, e := range p {
		switch e := e.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", e)
		case string:
			if strings.ContainsAny(e, "./[] ") {
				fmt.Fprintf(&b, "['%s']", e)
				continue
			}
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(e)
		}
	}
	return b.String()
}

func (p path) with(e any) path { return append(slices.Clip(p), e) }

// at is the node at the keys below v, nil if there is none.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// text is the string at the keys below v, "" if there is none.
func text(v any, keys ...string) string {
	s, _ := at(v, keys...).(string)
	return s
}

// list is the list at the keys below v, nil if there is none.
func list(v any, keys ...string) []any {
	l, _ := at(v, keys...).([]any)
	return l
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// marshal is json.Marshal without escapes for HTML, of what came from JSON.
func marshal(v any) json.RawMessage {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return json.RawMessage(strings.TrimSuffix(b.String(), "\n"))
}
