package compat

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// Compare says how far the answer got agrees with the recorded one, and what
// differs first (nothing at level Exact).
func Compare(want, got *Answer) (level Level, why string) {
	if want.Code != got.Code {
		return Differs, "code: " + want.brief() + "\n     got: " + got.brief()
	}
	w, g := normalize(want.tree()), normalize(got.tree())
	if isStatus(w) && want.Code >= 400 {
		level, why = compareErrors(w, g)
	} else if d := differences(w, g); len(d) > 0 {
		level, why = Code, strings.Join(d, "\n     ")
	} else {
		level = Exact
	}
	if level < Exact {
		return level, why
	}
	if w, g := want.warnings(), got.warnings(); !slices.Equal(w, g) {
		return Semantic, fmt.Sprintf("warnings: %q\n     got: %q", w, g)
	}
	if w, g := want.Headers["Content-Type"], got.Headers["Content-Type"]; !slices.Equal(w, g) {
		return Semantic, fmt.Sprintf("content type: %q\n     got: %q", w, g)
	}
	return Exact, ""
}

func (a *Answer) warnings() []string {
	var out []string
	for _, w := range a.Headers["Warning"] {
		out = append(out, normalText(w))
	}
	return out
}

// brief is the answer in a line, for people.
func (a *Answer) brief() string {
	if a.Code == 0 {
		return "0 " + cut(a.Err, 200)
	}
	v := a.tree()
	if isStatus(v) {
		return fmt.Sprint(a.Code, " ", message(v))
	}
	return fmt.Sprint(a.Code, " ", short(v))
}

func isStatus(v any) bool { return text(v, "kind") == "Status" }

func message(status any) string {
	return cut(text(status, "reason")+": "+text(status, "message"), 400)
}

// compareErrors compares two error answers: by reason and by the set of
// (reason, field) of the causes, then by all the rest with the messages.
func compareErrors(want, got any) (level Level, why string) {
	if !isStatus(got) {
		return Code, "not a Status: " + short(got)
	}
	wc, gc := causesOf(want), causesOf(got)
	if text(want, "reason") != text(got, "reason") || !maps.Equal(wc.places(), gc.places()) {
		return Code, "error: " + message(want) + "\n     got: " + message(got)
	}
	if d := differences(canonical(want, wc), canonical(got, gc)); len(d) > 0 {
		return Semantic, strings.Join(d, "\n     ")
	}
	return Exact, ""
}

type cause struct{ Reason, Field, Message string }

// causes are sorted, since some validations walk maps in no order.
type causes []cause

func causesOf(status any) causes {
	var out causes
	for _, c := range list(status, "details", "causes") {
		out = append(out, cause{text(c, "reason"), text(c, "field"), text(c, "message")})
	}
	slices.SortFunc(out, func(a, b cause) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return out
}

func (cs causes) places() map[cause]bool {
	set := map[cause]bool{}
	for _, c := range cs {
		set[cause{Reason: c.Reason, Field: c.Field}] = true
	}
	return set
}

// canonical is the Status with its causes sorted, in the list and in the
// message.
func canonical(status any, causes causes) any {
	m := maps.Clone(status.(map[string]any))
	if len(causes) < 2 {
		return m
	}
	if d, ok := m["details"].(map[string]any); ok {
		sorted := make([]any, len(causes))
		for i, c := range causes {
			sorted[i] = map[string]any{"reason": c.Reason, "field": c.Field, "message": c.Message}
		}
		d = maps.Clone(d)
		d["causes"] = sorted
		m["details"] = d
	}
	if msg, ok := m["message"].(string); ok {
		m["message"] = sortMessage(msg, causes)
	}
	return m
}

// sortMessage sorts the parts of "X is invalid: [a, b, c]" where these are the
// causes.
func sortMessage(msg string, causes causes) string {
	head, rest, ok := strings.Cut(msg, ": [")
	rest, closed := strings.CutSuffix(rest, "]")
	if !ok || !closed {
		return msg
	}
	set := map[string]bool{} // the message names each text once
	for _, c := range causes {
		if c.Field == "" {
			set[c.Message] = true
		} else {
			set[c.Field+": "+c.Message] = true
		}
	}
	parts := sortedKeys(set)
	// Taken out the longest first, as one may stand within another.
	longest := slices.Clone(parts)
	slices.SortStableFunc(longest, func(a, b string) int { return len(b) - len(a) })
	for _, part := range longest {
		if !strings.Contains(rest, part) {
			return msg
		}
		rest = strings.Replace(rest, part, "", 1)
	}
	return head + ": [" + strings.Join(parts, ", ") + "]" + strings.ReplaceAll(rest, ", ", "")
}
