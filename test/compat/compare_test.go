package compat

import (
	"slices"
	"strings"
	"testing"
)

func answer(code int, body string) *Answer {
	return &Answer{Code: code, Body: asJSON([]byte(body)), Headers: map[string][]string{"Content-Type": {"application/json"}}}
}

func warned(a *Answer) *Answer {
	a.Headers["Warning"] = []string{`299 - "old"`}
	return a
}

func TestCompare(t *testing.T) {
	const (
		pod      = `{"kind":"Pod","metadata":{"uid":"1","resourceVersion":"5","creationTimestamp":"2026-01-01T00:00:00Z"},"n":1}`
		samePod  = `{"n":1,"metadata":{"uid":"2","resourceVersion":"7","creationTimestamp":"2027-01-01T00:00:00Z"},"kind":"Pod"}`
		otherPod = `{"kind":"Pod","metadata":{"uid":"2","resourceVersion":"7"},"n":1}`
		one      = `{"reason":"R","field":"a","message":"one"}`
		two      = `{"reason":"S","field":"b","message":"two"}`
		added    = `{"type":"ADDED","object":{"n":1}}`
		bookmark = `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5"}}}`
		end      = `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5","annotations":{"k8s.io/initial-events-end":"true"}}}}`
		three    = `{"reason":"S","field":"b","message":"three"}`
	)
	invalid := func(message string, causes ...string) *Answer {
		return answer(422, `{"kind":"Status","reason":"Invalid","message":"x is invalid: `+message+`","details":{"causes":[`+strings.Join(causes, ",")+`]}}`)
	}
	for name, c := range map[string]struct {
		want, got *Answer
		level     Level
	}{
		"another order, uid and time":  {answer(200, pod), answer(200, samePod), Exact},
		"a field less":                 {answer(200, pod), answer(200, otherPod), Code},
		"another status":               {answer(200, pod), answer(201, pod), Differs},
		"a warning less":               {warned(answer(200, pod)), answer(200, pod), Semantic},
		"another content type":         {answer(200, pod), &Answer{Code: 200, Body: asJSON([]byte(pod))}, Semantic},
		"causes in another order":      {invalid("[a: one, b: two]", one, two), invalid("[b: two, a: one]", two, one), Exact},
		"another message":              {invalid("[a: one, b: two]", one, two), invalid("[a: one, b: three]", one, three), Semantic},
		"a cause less":                 {invalid("[a: one, b: two]", one, two), invalid("a: one", one), Code},
		"text in place of a Status":    {invalid("a: one", one), answer(422, "no"), Code},
		"a periodic bookmark more":     {answer(200, added+end), answer(200, added+end+bookmark), Exact},
		"no end of initial events":     {answer(200, added+added+end), answer(200, added+added+bookmark), Code},
		"watch events of another time": {answer(200, `{"at":"2026-01-01T00:00:00Z"}{"n":1}`), answer(200, `{"at":"2026-01-02T00:00:00Z"}{"n":1}`), Exact},
		"ages and addresses in a table": {answer(200, `{"kind":"Table","rows":[{"cells":["a","3 (5d ago)","12h","80:31234/TCP"]}]}`),
			answer(200, `{"kind":"Table","rows":[{"cells":["a","3 (2s ago)","5s","80:30999/TCP"]}]}`), Exact},
		"a static port in a table": {answer(200, `{"kind":"Table","rows":[{"cells":["80:30001/TCP"]}]}`),
			answer(200, `{"kind":"Table","rows":[{"cells":["80:30002/TCP"]}]}`), Code},
		"numbers that are written alike": {answer(200, `{"n":1}`), answer(200, `{"n":1.0}`), Code},
	} {
		if level, found := Compare(c.want, c.got); level != c.level {
			t.Errorf("%s: %v, want %v: %s", name, level, c.level, found)
		}
	}
}

// TestDifferences lists all that differs, each where it is.
func TestDifferences(t *testing.T) {
	const head = `{"kind":"Status","reason":"Invalid","message":"x is invalid: `
	for name, c := range map[string]struct {
		want, got *Answer
		found     []Difference
	}{
		"fields of an object": {
			answer(200, `{"a":{"b":1,"c":"x"}}`),
			answer(200, `{"a":{"c":"y","d":[]}}`),
			[]Difference{{"a.b", "1", nothing}, {"a.c", `"x"`, `"y"`}, {"a.d", nothing, "[]"}},
		},
		"lists of two lengths": {
			answer(200, `{"a":[1,2,3]}`),
			answer(200, `{"a":[4,2]}`),
			[]Difference{{"a", "3 items", "2"}, {"a[0]", "1", "4"}},
		},
		"causes, wherever the message names them": {
			answer(422, head+`[a: one, b: two]","details":{"causes":[{"reason":"R","field":"a","message":"one"},{"reason":"R","field":"b","message":"two"}]}}`),
			answer(422, head+`b: two","details":{"causes":[{"reason":"R","field":"b","message":"two"}]}}`),
			[]Difference{{"cause", "R a: one", nothing}},
		},
		"a body and a warning": {
			warned(answer(200, `{"a":1}`)),
			answer(200, `{"a":2}`),
			[]Difference{{"a", "1", "2"}, {"warning", "old", nothing}},
		},
		"a status and nothing else": {
			warned(answer(200, `{"a":1}`)),
			answer(201, `{"a":2}`),
			[]Difference{{"code", `200 {"a":1}`, `201 {"a":2}`}},
		},
	} {
		if _, found := Compare(c.want, c.got); !slices.Equal(found, c.found) {
			t.Errorf("%s: %q, want %q", name, found, c.found)
		}
	}
}

func TestNormalText(t *testing.T) {
	for in, want := range map[string]string{
		"at 2026-11-20T10:00:00Z":              "at <now>",
		"at 2020-11-20T10:00:00Z":              "at 2020-11-20T10:00:00Z",
		"5a4274d8-48b4-4d31-a4db-027ba3f82954": "<uid>",
		"10.0.0.5 and 10.0.0.77":               "10.0.0.5 and <ip>",
		`{\"nodePort\":31234}`:                 `{\"nodePort\":<port>}`,
		`{"nodePort":30010}`:                   `{"nodePort":30010}`,
	} {
		if got := normalText(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestFloors(t *testing.T) {
	s := Score{Cases: 3, Code: 3, Semantic: 2, Exact: 1}
	if got, want := s.Percents(), [3]float64{100, 66.66, 33.33}; got != want {
		t.Errorf("percents %v, want %v", got, want)
	}
	raised := Floor{Percents: [3]float64{50, 70, 0}}.Raise(s)
	if want := (Floor{[3]float64{100, 70, 33.33}, 3}); raised != want {
		t.Errorf("raised to %v, want %v", raised, want)
	}
	if err := raised.Check(s); err == nil || err.Error() != "semantic is 66.66%, below the floor of 70.00%" {
		t.Errorf("check: %v", err)
	}
	path := t.TempDir() + "/floors.tsv"
	if err := (Floors{"pods": raised}).Write(path); err != nil {
		t.Fatal(err)
	}
	if read, err := ReadFloors(path); err != nil || read["pods"] != raised {
		t.Errorf("read %v, %v", read, err)
	}
}
