package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// module is the beginning of the package paths, which is not printed.
const module = "github.com/gatehouse-k8s/gatehouse/"

// event is a line of "go test -json"; see "go doc test2json".
type event struct {
	Time    time.Time
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// report is what is known of the tests so far.
type report struct {
	to       io.Writer
	packages map[string]*tests
	// done and broken count the packages that have ended, and those that failed.
	done, broken, passed int
	// building is true if the output of the compiler was printed.
	building bool
}

// tests are those of a package that runs.
type tests struct {
	begin   time.Time
	ended   int
	cached  bool
	running map[string]time.Time
	// output is that of the package itself, by the name "", and of its tests. That of a
	// test that passes is dropped.
	output map[string]*bytes.Buffer
}

func newReport(to io.Writer) *report {
	return &report{to: to, packages: map[string]*tests{}}
}

func (r *report) failed() bool { return r.broken > 0 || r.building }

// line handles a line of the input.
func (r *report) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		r.to.Write(line) // of the go command itself
		return
	}
	switch e.Action {
	case "build-output":
		r.building = true
		fmt.Fprint(r.to, e.Output)
	case "start":
		r.packages[e.Package] = &tests{begin: e.Time, running: map[string]time.Time{}, output: map[string]*bytes.Buffer{}}
	default:
		if t := r.packages[e.Package]; t != nil {
			r.test(t, e)
		}
	}
}

// test handles an event of a package and its tests.
func (r *report) test(t *tests, e event) {
	switch e.Action {
	case "run", "cont":
		t.running[e.Test] = e.Time
	case "pause": // until the tests that are not parallel have ended
		delete(t.running, e.Test)
	case "output":
		if e.Test == "" && strings.Contains(e.Output, "\t(cached)") {
			t.cached = true
		}
		if t.output[e.Test] == nil {
			t.output[e.Test] = &bytes.Buffer{}
		}
		t.output[e.Test].WriteString(e.Output)
	case "pass", "skip", "fail":
		if e.Test == "" {
			r.packageEnds(t, e)
			return
		}
		delete(t.running, e.Test)
		if e.Action != "fail" {
			delete(t.output, e.Test)
		}
		if !strings.Contains(e.Test, "/") {
			t.ended++
		}
	}
}

func (r *report) packageEnds(t *tests, e event) {
	delete(r.packages, e.Package)
	r.done++
	r.passed += t.ended
	name, took := strings.TrimPrefix(e.Package, module), fmt.Sprintf("%.1fs", e.Elapsed)
	if t.cached {
		took = "cached"
	}
	switch {
	case e.Action == "fail":
		r.broken++
		for _, test := range slices.Sorted(maps.Keys(t.output)) {
			r.to.Write(t.output[test].Bytes())
		}
		fmt.Fprintf(r.to, "FAIL  %s  %s\n", name, took)
	case t.ended > 0:
		fmt.Fprintf(r.to, "ok    %s  %s, %d tests\n", name, took, t.ended)
	}
}

// underWay prints what runs now.
func (r *report) underWay(now time.Time) {
	if len(r.packages) == 0 {
		fmt.Fprintf(r.to, "...   compiling; %d packages tested\n", r.done)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(r.packages)) {
		t := r.packages[name]
		fmt.Fprintf(r.to, "...   %s  %.0fs, %d tests done", strings.TrimPrefix(name, module), now.Sub(t.begin).Seconds(), t.ended)
		if test := t.longest(); test != "" {
			fmt.Fprintf(r.to, ", in %s for %.0fs", test, now.Sub(t.running[test]).Seconds())
		}
		fmt.Fprintln(r.to)
	}
}

// longest returns the test that has run for the longest time, or "".
func (t *tests) longest() (found string) {
	for test, begin := range t.running {
		if since := t.running[found]; found == "" || begin.Before(since) || begin.Equal(since) && test < found {
			found = test
		}
	}
	return found
}

func (r *report) summary() {
	result := "passed"
	if r.failed() {
		result = "FAILED"
	}
	fmt.Fprintf(r.to, "%s: %d tests in %d packages, %d of which failed\n", result, r.passed, r.done, r.broken)
}
