package main

import (
	"bytes"
	"os/exec"
	"regexp"
	"testing"
	"time"
)

func TestPrintStarts(t *testing.T) {
	var out bytes.Buffer
	here := begin{fresh: 150 * time.Millisecond, second: 90 * time.Millisecond, memory: memory{42.4, 124}}
	printStarts(&out, here, begin{fresh: 3 * time.Second, memory: memory{resident: 309}})
	for _, want := range []string{
		`exec to /readyz, fresh +150 ms +3000 ms\n`,
		`exec to /readyz, second start +90 ms +\n`,
		`anonymous memory, idle +42 MiB +\n`,
		`resident memory, idle +124 MiB +309 MiB\n`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("no line %q in\n%s", want, &out)
		}
	}
}

// TestProcesses sums up what two programs hold, and stops them.
func TestProcesses(t *testing.T) {
	s := &server{}
	for range 2 {
		p, err := run(exec.Command("sleep", "600"))
		if err != nil {
			t.Fatal(err)
		}
		s.processes = append(s.processes, p)
	}
	one := (&server{processes: s.processes[:1]}).memory()
	if all := s.memory(); all.anonymous < one.anonymous || all.resident < one.resident || all.resident < all.anonymous {
		t.Errorf("one holds %v, both hold %v", one, all)
	}
	if err := s.stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
}
