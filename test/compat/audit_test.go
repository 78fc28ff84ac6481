package compat_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/test/compat"
)

var auditLog = flag.String("compat.audit-log", "", "audit log of the server of -compat.server, which runs with testdata/audit/policy.yaml: record its events")

// TestAudit sends the requests of testdata/audit and expects the answers and the
// audit events that were recorded from kube-apiserver.
func TestAudit(t *testing.T) {
	const dir = "testdata/audit/"
	transcript, err := compat.ReadTranscript(dir + "requests.jsonl")
	testutil.Check(t, err)
	replace := webhooks(t)
	here := strings.NewReplacer(replace...)
	// back names the webhooks in the events as the transcript does.
	back := strings.NewReplacer(replace[1], replace[0], replace[3], replace[2])

	if *auditLog != "" {
		to := compat.Target{URL: *server, Token: *token}
		testutil.Check(t, transcript.Play(t.Context(), to, here, true, (*compat.Step).Record))
		testutil.Check(t, transcript.Write(dir+"requests.jsonl"))
		events := readEvents(t, *auditLog, back)
		testutil.Check(t, os.WriteFile(dir+"events.jsonl", []byte(strings.Join(events, "\n")+"\n"), 0o644))
		return
	}

	log := filepath.Join(t.TempDir(), "audit.log")
	policy, err := filepath.Abs(dir + "policy.yaml")
	testutil.Check(t, err)
	to := fresh(t, append(transcript.Flags, "--audit-policy-file="+policy, "--audit-log-path="+log))
	testutil.Check(t, transcript.Play(t.Context(), to, here, false, func(step *compat.Step, got *compat.Answer) { check(t, step, got) }))
	recorded, err := os.ReadFile(dir + "events.jsonl")
	testutil.Check(t, err)
	want := strings.Split(strings.TrimSpace(string(recorded)), "\n")
	got := readEvents(t, log, back)
	for deadline := time.Now().Add(30 * time.Second); len(got) < len(want) && time.Now().Before(deadline); got = readEvents(t, log, back) {
		time.Sleep(20 * time.Millisecond) // the last event of a request is written after its answer
	}
	if len(got) != len(want) {
		t.Errorf("%d events, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		differences, err := compat.CompareEvents(want[i], got[i])
		testutil.Check(t, err)
		for _, d := range differences {
			t.Errorf("event %d, %.200s:\n    %v", i, want[i], d)
		}
	}
}

func readEvents(t *testing.T, log string, replace *strings.Replacer) []string {
	t.Helper()
	data, err := os.ReadFile(log)
	testutil.Check(t, err)
	events, err := compat.AuditEvents(data, replace)
	testutil.Check(t, err)
	return events
}
