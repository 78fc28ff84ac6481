package compat

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// Level says how far two answers agree; each level includes the lower ones.
type Level int

const (
	Differs  Level = iota // another status
	Code                  // the same status
	Semantic              // the same meaning
	Exact                 // the same text
)

func (l Level) String() string {
	return [...]string{"differs", "code", "semantic", "exact"}[l]
}

// Compare says how far the answer got agrees with the recorded one, and lists
// all that differs (nothing at level Exact). Where the status differs, nothing
// else is compared.
func Compare(want, got *Answer) (Level, []Difference) {
	if want.Code != got.Code {
		return Differs, []Difference{{"code", want.brief(), got.brief()}}
	}
	w, g := normalize(want.tree()), normalize(got.tree())
	level, found := Exact, []Difference(nil)
	if isStatus(w) && want.Code >= 400 {
		level, found = compareErrors(w, g)
	} else if found = differences(w, g); len(found) > 0 {
		level = Code
	}
	found = append(found, compareLists("warning", want.warnings(), got.warnings())...)
	if w, g := want.Headers["Content-Type"], got.Headers["Content-Type"]; !slices.Equal(w, g) {
		found = append(found, Difference{"content type", fmt.Sprintf("%q", w), fmt.Sprintf("%q", g)})
	}
	if len(found) > 0 {
		level = min(level, Semantic)
	}
	return level, found
}

func (a *Answer) warnings() []string {
	var out []string
	for _, w := range a.Headers["Warning"] {
		text := normalText(w)
		if parsed, _ := utilnet.ParseWarningHeaders([]string{text}); len(parsed) == 1 && parsed[0].Code == 299 && parsed[0].Agent == "-" {
			text = parsed[0].Text
		}
		out = append(out, text)
	}
	return out
}

// compareLists lists the texts that only one of two lists has, or that both
// have them in different orders.
func compareLists(what string, want, got []string) []Difference {
	var found []Difference
	for _, text := range without(want, got) {
		found = append(found, Difference{what, text, nothing})
	}
	for _, text := range without(got, want) {
		found = append(found, Difference{what, nothing, text})
	}
	if len(found) == 0 && !slices.Equal(want, got) {
		found = append(found, Difference{what, fmt.Sprintf("%q", want), fmt.Sprintf("%q", got)})
	}
	return found
}

// without are the elements of a list that are left when those of another are
// taken out, each as often as it is there.
func without(list, others []string) []string {
	left := slices.Clone(list)
	for _, other := range others {
		if i := slices.Index(left, other); i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
	}
	return left
}

// brief is the answer in a line, with what an error says.
func (a *Answer) brief() string {
	if a.Code == 0 {
		return "0 " + a.Err
	}
	v := a.tree()
	if isStatus(v) {
		return fmt.Sprint(a.Code, " ", message(v))
	}
	return fmt.Sprint(a.Code, " ", inText(v))
}

func isStatus(v any) bool { return text(v, "kind") == "Status" }

func message(status any) string {
	return text(status, "reason") + ": " + text(status, "message")
}

// compareErrors compares two error answers: by reason and by the set of
// (reason, field) of the causes, then by all the rest with the messages.
func compareErrors(want, got any) (Level, []Difference) {
	if !isStatus(got) {
		return Code, []Difference{{"error", message(want), inText(got)}}
	}
	wc, gc := causesOf(want), causesOf(got)
	found := compareLists("cause", wc.texts(), gc.texts())
	found = append(found, differences(withoutCauses(want, wc), withoutCauses(got, gc))...)
	switch {
	case len(found) == 0:
		return Exact, nil
	case text(want, "reason") != text(got, "reason") || !maps.Equal(wc.places(), gc.places()):
		return Code, found
	}
	return Semantic, found
}

type cause struct{ Reason, Field, Message string }

// String is the cause as the message of the whole error names it.
func (c cause) String() string {
	if c.Field == "" {
		return c.Message
	}
	return c.Field + ": " + c.Message
}

// causes are sorted, since some validations walk maps in no order.
type causes []cause

func causesOf(status any) causes {
	var out causes
	for _, c := range list(status, "details", "causes") {
		out = append(out, cause{text(c, "reason"), text(c, "field"), text(c, "message")})
	}
	slices.SortFunc(out, func(a, b cause) int {
		return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
	})
	return out
}

func (cs causes) texts() []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.Reason+" "+c.String())
	}
	return out
}

func (cs causes) places() map[cause]bool {
	set := map[cause]bool{}
	for _, c := range cs {
		set[cause{Reason: c.Reason, Field: c.Field}] = true
	}
	return set
}

// withoutCauses is the Status without its causes, in the list and in the
// message, for these are compared by themselves.
func withoutCauses(status any, causes causes) any {
	m := maps.Clone(status.(map[string]any))
	if d, ok := m["details"].(map[string]any); ok {
		d = maps.Clone(d)
		delete(d, "causes")
		m["details"] = d
	}
	if msg, ok := m["message"].(string); ok {
		m["message"] = messageWithout(msg, causes)
	}
	return m
}

// messageWithout replaces what follows in "X is invalid: a" or
// "X is invalid: [a, b, c]" where it is the causes, in any order.
func messageWithout(msg string, causes causes) string {
	const replacement = "<causes>"
	set := map[string]bool{} // the message names each text once
	for _, c := range causes {
		set[c.String()] = true
	}
	parts := sortedKeys(set)
	if len(parts) == 1 {
		if head, ok := strings.CutSuffix(msg, ": "+parts[0]); ok {
			return head + ": " + replacement
		}
		return msg
	}
	head, rest, ok := strings.Cut(msg, ": [")
	rest, closed := strings.CutSuffix(rest, "]")
	if !ok || !closed {
		return msg
	}
	// Taken out the longest first, as one may stand within another.
	slices.SortStableFunc(parts, func(a, b string) int { return len(b) - len(a) })
	for _, part := range parts {
		if !strings.Contains(rest, part) {
			return msg
		}
		rest = strings.Replace(rest, part, "", 1)
	}
	return head + ": " + replacement + strings.ReplaceAll(rest, ", ", "")
}
