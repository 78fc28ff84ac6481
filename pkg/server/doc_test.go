package server

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// documentedTrace returns the last column of the table in doc.go.
func documentedTrace(t *testing.T) (names []string) {
	t.Helper()
	data, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	columns := regexp.MustCompile(` {2,}`)
	for line := range strings.Lines(string(data)) {
		row, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			continue
		}
		cells := columns.Split(strings.TrimSpace(row), -1)
		if len(cells) != 4 {
			t.Fatalf("doc.go: row %q has %d columns", row, len(cells))
		}
		if trace := cells[3]; trace != "-" && trace != "trace" {
			names = append(names, trace)
		}
	}
	return names
}

func TestRequestPassesTheDocumentedStages(t *testing.T) {
	o := options.New()
	o.Data.Dir, o.Data.EtcdNoSync = t.TempDir(), true
	o.SecureServing.BindPort, o.SecureServing.Required = 0, false
	completed, err := o.Complete()
	if err != nil {
		t.Fatal(err)
	}
	b, err := open(t.Context(), completed, &lifetime{})
	if err != nil {
		t.Fatal(err)
	}
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	b.generic.TracerProvider = provider
	s, err := assemble(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	if err := s.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	admin, err := s.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	_, err = kubernetes.NewForConfigOrDie(admin).CoreV1().ConfigMaps("default").
		Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "traced"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}

	want := documentedTrace(t)
	var got []string
	for range 100 {
		if got = createTrace(recorder.Ended(), want); len(got) == len(want) {
			break
		}
		time.Sleep(20 * time.Millisecond) // spans may end after the answer was received
	}
	if !slices.Equal(got, want) {
		t.Errorf("doc.go says\n  %s\na create passes\n  %s", strings.Join(want, "\n  "), strings.Join(got, "\n  "))
	}
}

// createTrace returns the spans and events of the request that created a config
// map, ordered by time. It returns only those whose name is in names.
func createTrace(spans []sdktrace.ReadOnlySpan, names []string) (out []string) {
	var trace [16]byte
	for _, span := range spans {
		for _, attribute := range span.Attributes() {
			if span.Name() == "Create etcd3" && attribute.Value.AsString() == "/configmaps/default/traced" {
				trace = span.SpanContext().TraceID()
			}
		}
	}
	type moment struct {
		at   time.Time
		name string
	}
	var moments []moment
	for _, span := range spans {
		if span.SpanContext().TraceID() != trace {
			continue
		}
		moments = append(moments, moment{span.StartTime(), span.Name()})
		for _, event := range span.Events() {
			moments = append(moments, moment{event.Time, event.Name})
		}
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return a.at.Compare(b.at) })
	for _, m := range moments {
		if slices.Contains(names, m.name) && !slices.Contains(out, m.name) {
			out = append(out, m.name)
		}
	}
	return out
}
