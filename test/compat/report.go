package compat

import (
	"fmt"
	"io"
	"math"
	"regexp"
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

// Difference is a case whose answers do not agree exactly.
type Difference struct {
	ID    string // of the case, or of a part of it
	Case  *Case
	Level Level
	Why   string
}

// Report is how far a server's answers agree with the recorded ones.
type Report struct {
	Total     Score
	Resources map[string]*Score
	Kinds     map[string]*Score
	// Differences of all cases, in their order.
	Differences []Difference
	// Excepted cases differ, as they may, and are counted as equal.
	Excepted int
	// Needless exceptions name cases that are equal.
	Needless []string
}

// Grade compares what the server answered to the cases with what was recorded.
// Cases to which kube-apiserver itself gave no answer (it panics on a few) do
// not count; those named in exceptions count as equal.
func Grade(cases []*Case, want, got []*Answer, exceptions map[string]string) *Report {
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
	r := &Report{Resources: map[string]*Score{}, Kinds: map[string]*Score{}}
	for _, c := range cases {
		base := recorded[c.ID]
		if base == nil || base.Code == 0 {
			continue
		}
		for _, part := range base.Parts() {
			d := Difference{ID: part.ID, Case: c, Why: "no answer"}
			if a := answers[part.ID]; a != nil {
				d.Level, d.Why = Compare(part, a)
			}
			r.add(d, exceptions)
		}
	}
	return r
}

func (r *Report) add(d Difference, exceptions map[string]string) {
	if _, excepted := exceptions[d.ID]; excepted {
		if d.Level == Exact {
			r.Needless = append(r.Needless, d.ID)
		}
		r.Excepted++
		d.Level = Exact
	}
	r.Total.add(d.Level)
	scoreOf(r.Resources, d.Case.Resource()).add(d.Level)
	scoreOf(r.Kinds, d.Case.Kind()).add(d.Level)
	if d.Level < Exact {
		r.Differences = append(r.Differences, d)
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
	if r.Excepted > 0 {
		fmt.Fprintf(out, "%d cases differ by design\n", r.Excepted)
	}
}

// WriteDifferences writes the cases below a level whose ids match, at most
// limit (0: all) of each kind and resource.
func (r *Report) WriteDifferences(out io.Writer, ids *regexp.Regexp, below Level, limit int) {
	shown := map[string]int{}
	for _, d := range r.Differences {
		if d.Level >= below || !ids.MatchString(d.ID) {
			continue
		}
		group := d.Case.Kind() + "/" + d.Case.Resource()
		if shown[group]++; limit > 0 && shown[group] > limit {
			continue
		}
		url := d.Case.Path
		if d.Case.Query != "" {
			url += "?" + d.Case.Query
		}
		fmt.Fprintf(out, "not %v: %s\n     %s %s\n     %s\n", d.Level+1, d.ID, d.Case.Method, url, d.Why)
	}
}
