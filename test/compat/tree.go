package compat

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
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

const maxDifferences = 6

// differences lists where two trees differ, a few places at most.
func differences(want, got any) []string {
	d := differ{}
	d.compare(want, got, nil)
	if rest := len(d.found) - maxDifferences; rest > 0 {
		return append(d.found[:maxDifferences], fmt.Sprintf("and %d more", rest))
	}
	return d.found
}

type differ struct{ found []string }

func (d *differ) note(p path, format string, args ...any) {
	d.found = append(d.found, p.String()+": "+fmt.Sprintf(format, args...))
}

func (d *differ) compare(want, got any, p path) {
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			d.maps(want, got, p)
			return
		}
	case []any:
		if got, ok := got.([]any); ok {
			d.lists(want, got, p)
			return
		}
	case string:
		if got, ok := got.(string); ok {
			if want != got {
				w, g := fromDifference(want, got)
				d.note(p, "%q, got %q", cut(w, 160), cut(g, 160))
			}
			return
		}
	}
	if !reflect.DeepEqual(want, got) {
		d.note(p, "%s, got %s", short(want), short(got))
	}
}

func (d *differ) maps(want, got map[string]any, p path) {
	for _, k := range sortedKeys(want) {
		if e, ok := got[k]; ok {
			d.compare(want[k], e, p.with(k))
		} else {
			d.note(p, "lacks %s: %s", k, short(want[k]))
		}
	}
	for _, k := range sortedKeys(got) {
		if _, ok := want[k]; !ok {
			d.note(p, "has extra %s: %s", k, short(got[k]))
		}
	}
}

func (d *differ) lists(want, got []any, p path) {
	if len(want) != len(got) {
		d.note(p, "%d items, got %d", len(want), len(got))
	}
	for i := range min(len(want), len(got)) {
		d.compare(want[i], got[i], p.with(i))
	}
}

// fromDifference drops most of the beginning that two long texts share.
func fromDifference(want, got string) (string, string) {
	const keep = 40
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	if i <= 2*keep {
		return want, got
	}
	return "…" + want[i-keep:], "…" + got[i-keep:]
}

func short(v any) string {
	if s, ok := v.(string); ok {
		return cut(fmt.Sprintf("%q", s), 160)
	}
	return cut(string(marshal(v)), 160)
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
