package compat

import (
	"fmt"
	"reflect"
)

// Difference is one place where two answers differ.
type Difference struct {
	// At is the path in the body, or the part of the answer: "code", "cause",
	// "warning", "content type".
	At string
	// Want and Got are what is there, as JSON where it comes from a body.
	Want, Got string
}

// nothing stands for what is in one answer only.
const nothing = "nothing"

// String is the whole difference in a line, which exceptions match.
func (d Difference) String() string { return d.At + ": " + d.Want + ", got " + d.Got }

// Short is the difference without most of its long texts, for people.
func (d Difference) Short() string {
	const most = 200
	return Difference{d.At, cut(d.Want, most), cut(d.Got, most)}.String()
}

// differences lists where two trees differ.
func differences(want, got any) []Difference {
	d := differ{}
	d.compare(want, got, nil)
	return d.found
}

type differ struct{ found []Difference }

func (d *differ) note(p path, want, got string) {
	d.found = append(d.found, Difference{p.String(), want, got})
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
				d.note(p, inText(w), inText(g))
			}
			return
		}
	}
	if !reflect.DeepEqual(want, got) {
		d.note(p, inText(want), inText(got))
	}
}

func (d *differ) maps(want, got map[string]any, p path) {
	for _, k := range sortedKeys(want) {
		if e, ok := got[k]; ok {
			d.compare(want[k], e, p.with(k))
		} else {
			d.note(p.with(k), inText(want[k]), nothing)
		}
	}
	for _, k := range sortedKeys(got) {
		if _, ok := want[k]; !ok {
			d.note(p.with(k), nothing, inText(got[k]))
		}
	}
}

func (d *differ) lists(want, got []any, p path) {
	if len(want) != len(got) {
		d.note(p, fmt.Sprint(len(want), " items"), fmt.Sprint(len(got)))
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

// inText is a JSON value, as it is, in a line of text.
func inText(v any) string { return string(marshal(v)) }

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
