package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

const (
	started = `{"Time":"2026-01-01T00:00:00Z","Action":"start","Package":"github.com/gatehouse-k8s/gatehouse/pkg/a"}`
	inPkgA  = `,"Package":"github.com/gatehouse-k8s/gatehouse/pkg/a"`
)

func TestReport(t *testing.T) {
	for _, test := range []struct {
		name   string
		lines  []string
		want   string
		failed bool
	}{
		{"a package that passes", []string{
			started,
			`{"Action":"run","Test":"TestA"` + inPkgA + `}`,
			`{"Action":"output","Test":"TestA","Output":"noise\n"` + inPkgA + `}`,
			`{"Action":"pass","Test":"TestA/one"` + inPkgA + `}`,
			`{"Action":"pass","Test":"TestA"` + inPkgA + `}`,
			`{"Action":"pass","Elapsed":1.24` + inPkgA + `}`,
		}, "ok    pkg/a  1.2s, 1 tests\n", false},
		{"a package from the cache", []string{
			started,
			`{"Action":"pass","Test":"TestA"` + inPkgA + `}`,
			`{"Action":"output","Output":"ok  \tpkg/a\t(cached)\n"` + inPkgA + `}`,
			`{"Action":"pass"` + inPkgA + `}`,
		}, "ok    pkg/a  cached, 1 tests\n", false},
		{"a package without tests", []string{started, `{"Action":"skip"` + inPkgA + `}`}, "", false},
		{"only the output of what fails", []string{
			started,
			`{"Action":"output","Test":"TestA","Output":"noise\n"` + inPkgA + `}`,
			`{"Action":"pass","Test":"TestA"` + inPkgA + `}`,
			`{"Action":"output","Test":"TestB","Output":"broken\n"` + inPkgA + `}`,
			`{"Action":"fail","Test":"TestB"` + inPkgA + `}`,
			`{"Action":"fail","Elapsed":2` + inPkgA + `}`,
		}, "broken\nFAIL  pkg/a  2.0s\n", true},
		{"a panic, in which a test does not end", []string{
			started,
			`{"Action":"run","Test":"TestA"` + inPkgA + `}`,
			`{"Action":"output","Test":"TestA","Output":"panic: oh\n"` + inPkgA + `}`,
			`{"Action":"fail","Elapsed":2` + inPkgA + `}`,
		}, "panic: oh\nFAIL  pkg/a  2.0s\n", true},
		{"what does not compile", []string{`{"ImportPath":"a","Action":"build-output","Output":"a.go:1: no\n"}`}, "a.go:1: no\n", true},
		{"what is not JSON", []string{"go: a message\n"}, "go: a message\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			r := newReport(&out)
			for _, line := range test.lines {
				r.line([]byte(line))
			}
			if out.String() != test.want || r.failed() != test.failed {
				t.Errorf("failed: %t, output:\n%s", r.failed(), &out)
			}
		})
	}
}

func TestUnderWay(t *testing.T) {
	var out bytes.Buffer
	r := newReport(&out)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r.underWay(begin)
	for _, line := range []string{
		started,
		`{"Time":"2026-01-01T00:00:00Z","Action":"run","Test":"TestA"` + inPkgA + `}`,
		`{"Action":"pass","Test":"TestA"` + inPkgA + `}`,
		`{"Time":"2026-01-01T00:00:05Z","Action":"run","Test":"TestB"` + inPkgA + `}`,
		`{"Time":"2026-01-01T00:00:06Z","Action":"run","Test":"TestC"` + inPkgA + `}`,
	} {
		r.line([]byte(line))
	}
	r.underWay(begin.Add(15 * time.Second))
	want := []string{"...   compiling; 0 packages tested", "...   pkg/a  15s, 1 tests done, in TestB for 10s", ""}
	if got := strings.Split(out.String(), "\n"); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("printed %q, want %q", got, want)
	}
}
