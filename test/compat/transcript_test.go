package compat_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
	"github.com/gatehouse-k8s/gatehouse/test/compat"
)

var recordTranscripts = flag.Bool("compat.record-transcripts", false, "record the transcripts from the server of -compat.server (choose one by -run)")

// TestTranscripts has the conversations of testdata/admission and testdata/controllers
// with our server, and expects the answers that kube-apiserver gave, in the second case
// beside kube-controller-manager. With -compat.server it has them with another server.
func TestTranscripts(t *testing.T) {
	var files []string
	for _, folder := range []string{"admission", "controllers"} {
		in, err := filepath.Glob("testdata/" + folder + "/*.jsonl")
		testutil.Check(t, err)
		if len(in) == 0 {
			t.Fatalf("there are no transcripts of %s", folder)
		}
		files = append(files, in...)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			if *server == "" {
				t.Parallel()
			}
			transcript, err := compat.ReadTranscript(file)
			testutil.Check(t, err)
			to := compat.Target{URL: *server, Token: *token}
			if *server == "" {
				to = fresh(t, transcript.Flags)
			}
			visit := func(step *compat.Step, got *compat.Answer) { check(t, step, got) }
			if *recordTranscripts {
				visit = (*compat.Step).Record
			}
			testutil.Check(t, transcript.Play(t.Context(), to, strings.NewReplacer(webhooks(t)...), *server != "", visit))
			if *recordTranscripts {
				testutil.Check(t, transcript.Write(file))
			}
		})
	}
}

// check compares an answer with the recorded one. One that is known to differ has to
// differ.
func check(t *testing.T, step *compat.Step, got *compat.Answer) {
	t.Helper()
	level, differences := step.Compare(got)
	if step.Differs != "" {
		if level == compat.Exact {
			t.Errorf("%s: does not differ any more: %s", step.Name, step.Differs)
		}
		return
	}
	if level != compat.Exact {
		t.Errorf("%s: %s %s", step.Name, step.Method, step.Path)
		for _, d := range differences {
			t.Errorf("    %v", d)
		}
	}
}

// gates are the feature gates that transcripts need. All servers of a process share
// them. None of them changes what is served by default.
const gates = "--feature-gates=ClusterTrustBundle=true"

// fresh starts our server with a token for a member of system:masters. Unless the
// flags choose its controllers, only those run that kube-apiserver alone needs: what was
// recorded had no kube-controller-manager beside it.
func fresh(t *testing.T, flags []string) compat.Target {
	const secret = "admin-token"
	tokens := filepath.Join(t.TempDir(), "tokens.csv")
	testutil.Check(t, os.WriteFile(tokens, []byte(secret+`,admin,admin,"system:masters"`+"\n"), 0o600))
	if !slices.ContainsFunc(flags, func(flag string) bool { return strings.HasPrefix(flag, "--controllers=") }) {
		flags = append([]string{"--controllers=serviceaccount-controller,resourcequota-controller"}, flags...)
	}
	s := testserver.Start(t, testserver.Options{Flags: append([]string{"--emulated-version=1.36", gates, "--token-auth-file=" + tokens,
		"--service-account-issuer=https://kubernetes.default.svc"}, flags...)})
	return compat.Target{URL: s.URL, Token: secret}
}
