package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestAuditBatchesAreCompleteAtStop has a server keep all events in memory. They are
// written when the server stops.
func TestAuditBatchesAreCompleteAtStop(t *testing.T) {
	t.Parallel()
	log, receiver := filepath.Join(t.TempDir(), "audit.log"), newAuditReceiver(t)
	s := startToStop(t, auditPolicy(t, "RequestReceived"),
		"--audit-log-path="+log, "--audit-log-mode=batch", "--audit-log-batch-max-wait=1h", "--audit-log-batch-max-size=1000",
		receiver.kubeconfig(t), "--audit-webhook-mode=batch", "--audit-webhook-batch-max-wait=1h", "--audit-webhook-batch-max-size=1000")
	want := numbered("a", 50)
	create(t, kubernetes.NewForConfigOrDie(s.Config), "default", want...)
	if events := auditLog(t, log); len(events) != 0 || len(receiver.received()) != 0 {
		t.Errorf("%d events are in the log and %d batches were sent before the server stops", len(events), len(receiver.received()))
	}
	testutil.Check(t, s.Stop())
	if got := created(auditLog(t, log)); !slices.Equal(got, want) {
		t.Errorf("the log has %v", got)
	}
	if got := slices.Concat(receiver.received()...); !slices.Equal(got, want) {
		t.Errorf("the webhook received %v", got)
	}
}

// TestAuditLogRotation writes several times the size of a log and keeps two old ones.
func TestAuditLogRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := testserver.Start(t, testserver.Options{Flags: []string{
		auditPolicy(t, "RequestReceived"), "--audit-log-path=" + filepath.Join(dir, "audit.log"), "--audit-log-maxsize=1",
		"--audit-log-maxbackup=2",
	}})
	for _, name := range numbered("a", 10) {
		createSized(t, s, name, 200_000)
	}
	var files []string
	eventually(t, "two old logs and the current one are left", func() bool {
		var err error
		files, err = filepath.Glob(filepath.Join(dir, "*"))
		testutil.Check(t, err)
		return len(files) == 3
	})
	var got []string
	for _, file := range files {
		info, err := os.Stat(file)
		testutil.Check(t, err)
		if info.Size() > 1<<20 {
			t.Errorf("%s has %d bytes", file, info.Size())
		}
		got = append(got, created(auditLog(t, file))...)
	}
	if want := numbered("a", 10)[10-len(got):]; len(got) < 3 || !slices.Equal(got, want) {
		t.Errorf("the logs have %v, want the newest events %v", got, want)
	}
}

// TestAuditLogLegacy writes lines in the format that is not JSON.
func TestAuditLogLegacy(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "audit.log")
	s := testserver.Start(t, testserver.Options{Flags: []string{auditPolicy(t, "RequestReceived"), "--audit-log-path=" + log, "--audit-log-format=legacy"}})
	create(t, kubernetes.NewForConfigOrDie(s.Config), "default", "a")
	got, err := os.ReadFile(log)
	testutil.Check(t, err)
	want := regexp.MustCompile(`^\S+Z AUDIT: id="[-0-9a-f]{36}" stage="ResponseComplete" ip="127.0.0.1" method="create" user="kubernetes-admin" ` +
		`groups="[^ ]*system:masters[^ ]*" as="<self>" asgroups="<lookup>" user-agent="[^"]+" namespace="default" ` +
		`uri="/api/v1/namespaces/default/configmaps" response="201"\n$`)
	if !want.Match(got) {
		t.Errorf("%s", got)
	}
}

// TestAuditTruncation drops what makes an event too large, or the event.
func TestAuditTruncation(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "audit.log")
	s := testserver.Start(t, testserver.Options{Flags: []string{
		auditPolicy(t, "RequestReceived"), "--audit-log-path=" + log, "--audit-log-truncate-enabled", "--audit-log-truncate-max-event-size=4000",
		"--audit-log-truncate-max-batch-size=8000",
	}})
	createSized(t, s, "small", 10)
	createSized(t, s, "large", 5_000)
	send(t, s.Config, request{path: "/api/v1/namespaces/default/configmaps/small?pretty=" + strings.Repeat("x", 5_000)})
	var got []string
	for _, event := range auditLog(t, log) {
		got = append(got, fmt.Sprintf("%s %s: request %t, response %t, truncated %q", event.Verb, event.ObjectRef.Name,
			event.RequestObject != nil, event.ResponseObject != nil, event.Annotations["audit.k8s.io/truncated"]))
	}
	want := []string{`create small: request true, response true, truncated ""`, `create large: request false, response false, truncated "true"`}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// TestAuditWebhook sends events to a webhook in each mode.
func TestAuditWebhook(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		flags []string
		// batches is how many events come at once.
		batches []int
	}{
		{"blocking", []string{"--audit-webhook-mode=blocking"}, []int{1, 1, 1, 1, 1, 1}},
		{"batch", []string{"--audit-webhook-mode=batch", "--audit-webhook-batch-max-size=3", "--audit-webhook-batch-max-wait=1h"}, []int{3, 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			receiver := newAuditReceiver(t)
			s := testserver.Start(t, testserver.Options{Flags: append(test.flags, auditPolicy(t, "RequestReceived"), receiver.kubeconfig(t))})
			want := numbered("a", 6)
			create(t, kubernetes.NewForConfigOrDie(s.Config), "default", want...)
			if test.name == "batch" {
				eventually(t, "both batches came", func() bool { return len(receiver.received()) == 2 })
			}
			var batches []int
			for _, batch := range receiver.received() {
				batches = append(batches, len(batch))
			}
			slices.Sort(batches)
			if !slices.Equal(batches, test.batches) {
				t.Errorf("batches of %v events, want %v", batches, test.batches)
			}
			got := slices.Concat(receiver.received()...)
			slices.Sort(got) // two batches can overtake each other
			if !slices.Equal(got, want) {
				t.Errorf("received %v", got)
			}
		})
	}
}

// TestAuditWebhookDown sends requests while the webhook fails. Only a server that
// must store an event before it handles a request refuses them, in the words of
// kube-apiserver.
func TestAuditWebhookDown(t *testing.T) {
	t.Parallel()
	const path = "/api/v1/namespaces/default/configmaps"
	for _, test := range []struct {
		name, mode string
		omit       []string
		// backoff is the time before the second of five attempts to send an event.
		backoff string
		code    int
		refusal string
		later   bool
	}{
		{name: "strict", mode: "blocking-strict", backoff: "1ms", code: http.StatusInternalServerError,
			refusal: "Internal Server Error: \"" + path + "\": failed to store audit event\n"},
		{name: "strict, but only about answers", mode: "blocking-strict", omit: []string{"RequestReceived"}, backoff: "1ms", code: http.StatusCreated},
		{name: "blocking", mode: "blocking", backoff: "1ms", code: http.StatusCreated},
		{name: "batch", mode: "batch", omit: []string{"RequestReceived"}, backoff: "500ms", code: http.StatusCreated, later: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			receiver := newAuditReceiver(t)
			receiver.fail(http.StatusInternalServerError)
			s := testserver.Start(t, testserver.Options{Flags: []string{
				auditPolicy(t, test.omit...), receiver.kubeconfig(t), "--audit-webhook-mode=" + test.mode, "--audit-webhook-batch-max-size=1",
				"--audit-webhook-initial-backoff=" + test.backoff,
			}})
			create := request{method: http.MethodPost, path: path, headers: []string{"Content-Type", "application/json"}}
			create.body = []byte(`{"metadata":{"name":"a"}}`)
			got := send(t, s.Config, create)
			if got.code != test.code || test.refusal != "" && string(got.body) != test.refusal {
				t.Errorf("while it is down: %d %s", got.code, got.body)
			}
			if got.header.Get("Audit-ID") == "" {
				t.Error("the answer has no audit ID")
			}
			receiver.fail(0)
			create.body = []byte(`{"metadata":{"name":"b"}}`)
			if got := send(t, s.Config, create); got.code != http.StatusCreated {
				t.Errorf("afterwards: %d %s", got.code, got.body)
			}
			if test.later {
				eventually(t, "the event of the failure came", func() bool {
					return slices.Contains(slices.Concat(receiver.received()...), "a")
				})
			}
		})
	}
}
