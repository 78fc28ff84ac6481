package compat

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"text/tabwriter"
)

// Score counts the cases that reach each level.
type Score struct{ Cases, Code, Semantic, Exact int }

func (s *Score) add(l Level) {
	s.Cases++
	for at, n := range map[Level]*int{Code: &s.Code, Semantic: &s.Semantic, Exact: &s.Exact} {
		if l >= at {
			*n++
		}
	}
}

// Percents are the shares of the cases that reach Code, Semantic and Exact,
// rounded down to two digits so that only a full score reads as 100.
func (s Score) Percents() [3]float64 {
	share := func(n int) float64 { return math.Floor(10000*float64(n)/float64(max(s.Cases, 1))) / 100 }
	return [3]float64{share(s.Code), share(s.Semantic), share(s.Exact)}
}

// Mismatch is a case whose answers do not agree exactly.
type Mismatch struct {
	ID          string // of the case, or of a part of it
	Case        *Case
	Level       Level
	Differences []Difference
}

// Report is how far a server's answers agree with the recorded ones.
type Report struct {
	Total     Score
	Resources map[string]*Score
	Kinds     map[string]*Score
	// Mismatches of all cases, in their order, without those excepted.
	Mismatches []Mismatch
	// Exceptions are those that the report was made with, and Excepted counts
	// the cases that each covers, which are scored as equal.
	Exceptions []*Exception
	Excepted   map[*Exception]int
}

// Grade compares what the server answered to the cases with what was recorded.
// Cases to which kube-apiserver itself gave no answer (it panics on a few) do
// not count; those that an exception covers count as equal.
func Grade(cases []*Case, want, got []*Answer, exceptions []*Exception) *Report {
	answers := map[string]*Answer{}
	for _, a := range got {
		for _, part := range a.Parts() {
			answers[part.ID] = part
		}
	}
	recorded := map[string]*Answer{}
	for _, a := range want {
		recorded[a.ID] = a
	}
	r := &Report{Resources: map[string]*Score{}, Kinds: map[string]*Score{}, Exceptions: exceptions, Excepted: map[*Exception]int{}}
	for _, c := range cases {
		base := recorded[c.ID]
		if base == nil || base.Code == 0 {
			continue
		}
		for _, part := range base.Parts() {
			m := Mismatch{ID: part.ID, Case: c, Differences: []Difference{{"answer", part.brief(), nothing}}}
			if a := answers[part.ID]; a != nil {
				m.Level, m.Differences = Compare(part, a)
			}
			r.add(m)
		}
	}
	return r
}

func (r *Report) add(m Mismatch) {
	if i := slices.IndexFunc(r.Exceptions, func(e *Exception) bool { return e.Covers(m) }); i >= 0 {
		r.Excepted[r.Exceptions[i]]++
		m.Level = Exact
	}
	r.Total.add(m.Level)
	scoreOf(r.Resources, m.Case.Resource()).add(m.Level)
	scoreOf(r.Kinds, m.Case.Kind()).add(m.Level)
	if m.Level < Exact {
		r.Mismatches = append(r.Mismatches, m)
	}
}

func scoreOf(scores map[string]*Score, name string) *Score {
	if scores[name] == nil {
		scores[name] = &Score{}
	}
	return scores[name]
}

// WriteScores writes the scores by resource and by kind of case.
func (r *Report) WriteScores(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, s *Score) {
		p := s.Percents()
		fmt.Fprintf(w, "%s\t%d\t%.2f%%\t%.2f%%\t%.2f%%\t\n", name, s.Cases, p[0], p[1], p[2])
	}
	for _, section := range []struct {
		title  string
		scores map[string]*Score
	}{{"KIND", r.Kinds}, {"RESOURCE", r.Resources}} {
		fmt.Fprintf(w, "%s\tcases\tcode\tsemantic\texact\t\n", section.title)
		for _, name := range sortedKeys(section.scores) {
			row(name, section.scores[name])
		}
		fmt.Fprintln(w, "\t\t\t\t\t")
	}
	row("total", &r.Total)
	w.Flush()
	for _, e := range r.Exceptions {
		fmt.Fprintf(out, "%d cases differ by design: %s\n", r.Excepted[e], e.Reason)
	}
}

const maxShown = 6 // differences of one case

// WriteMismatches writes the cases below a level whose ids match, at most
// limit (0: all) of each kind and resource.
func (r *Report) WriteMismatches(out io.Writer, ids *regexp.Regexp, below Level, limit int) {
	shown := map[string]int{}
	for _, m := range r.Mismatches {
		if m.Level >= below || !ids.MatchString(m.ID) {
			continue
		}
		group := m.Case.Kind() + "/" + m.Case.Resource()
		if shown[group]++; limit > 0 && shown[group] > limit {
			continue
		}
		url := m.Case.Path
		if m.Case.Query != "" {
			url += "?" + m.Case.Query
		}
		fmt.Fprintf(out, "not %v: %s\n     %s %s\n", m.Level+1, m.ID, m.Case.Method, url)
		for _, d := range m.Differences[:min(len(m.Differences), maxShown)] {
			fmt.Fprintf(out, "     %s\n", d.Short())
		}
		if rest := len(m.Differences) - maxShown; rest > 0 {
			fmt.Fprintf(out, "     and %d more\n", rest)
		}
	}
}
