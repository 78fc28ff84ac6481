package event

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

var now = metav1.NewMicroTime(time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC))

// requestTo returns the context of a request to an API group.
func requestTo(t *testing.T, group string) context.Context {
	return genericapirequest.WithRequestInfo(t.Context(), &genericapirequest.RequestInfo{APIGroup: group, APIVersion: "v1"})
}

func oldEvent() *corev1.Event {
	return &corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "e", Namespace: "n"}, InvolvedObject: corev1.ObjectReference{Namespace: "n", Kind: "Pod"}}
}

func newEvent() *corev1.Event {
	e := oldEvent()
	e.EventTime, e.ReportingController, e.ReportingInstance, e.Action, e.Reason, e.Type = now, "example.com/c", "i", "Do", "R", "Normal"
	return e
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		group  string
		event  *corev1.Event
		change func(*corev1.Event)
		want   string
	}{
		"old":            {"", oldEvent(), func(e *corev1.Event) { e.Name = "Not_a_DNS_name" }, ""},
		"old, of a node": {"", oldEvent(), func(e *corev1.Event) { e.Namespace, e.InvolvedObject.Namespace = "default", "" }, ""},
		"old, elsewhere": {"", oldEvent(), func(e *corev1.Event) { e.InvolvedObject.Namespace = "m" },
			`involvedObject.namespace: Invalid value: "m": does not match event.namespace`},
		"new":            {"events.k8s.io", newEvent(), func(*corev1.Event) {}, ""},
		"new, of a node": {"events.k8s.io", newEvent(), func(e *corev1.Event) { e.Namespace, e.InvolvedObject.Namespace = "kube-system", "" }, ""},
		"new in the old way": {"", newEvent(), func(e *corev1.Event) { e.ReportingController = "" },
			"[reportingComponent: Required value, reportingComponent: Invalid value"},
		"nobody": {"events.k8s.io", newEvent(), func(e *corev1.Event) { e.ReportingController = "" },
			"[reportingController: Required value, reportingController: Invalid value"},
		"long": {"events.k8s.io", newEvent(), func(e *corev1.Event) { e.Reason, e.Message = strings.Repeat("r", 129), strings.Repeat("m", 1025) },
			`[reason: Invalid value: "": can have at most 128 characters, message: Invalid value: "": can have at most 1024 characters]`},
		"old fields": {"events.k8s.io", newEvent(), func(e *corev1.Event) { e.Count, e.Source.Host = 1, "h" },
			`[count: Invalid value: "": needs to be unset, source: Invalid value: "": needs to be unset]`},
		"series": {"events.k8s.io", newEvent(), func(e *corev1.Event) { e.Series = &corev1.EventSeries{Count: 1} },
			`[series.count: Invalid value: "": should be at least 2, series.lastObservedTime: Required value]`},
		"type":    {"events.k8s.io", newEvent(), func(e *corev1.Event) { e.Type = "x" }, `type: Invalid value: "": has invalid value: x`},
		"no time": {"events.k8s.io", newEvent(), func(e *corev1.Event) { e.EventTime = metav1.MicroTime{} }, "eventTime: Required value"},
		"name":    {"events.k8s.io", newEvent(), func(e *corev1.Event) { e.Name = "A" }, `metadata.name: Invalid value: "A"`},
	} {
		c.change(c.event)
		got := ""
		if errs := validate(requestTo(t, c.group), c.event); len(errs) > 0 {
			got = errs.ToAggregate().Error()
		}
		if got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestValidateUpdate(t *testing.T) {
	old := newEvent()
	old.ResourceVersion = "1"
	changed := old.DeepCopy()
	changed.InvolvedObject.Kind, changed.Action, changed.Series = "Node", "Undo", &corev1.EventSeries{Count: 2, LastObservedTime: now}
	if errs := validateUpdate(requestTo(t, ""), changed, old); len(errs) > 0 {
		t.Errorf("in the core group: %v", errs)
	}
	const want = `[involvedObject: Invalid value: {"Kind":"Node","Namespace":"n","Name":"","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}: field is immutable, ` +
		`action: Invalid value: "Undo": field is immutable]`
	if got := validateUpdate(requestTo(t, "events.k8s.io"), changed, old).ToAggregate().Error(); got != want {
		t.Errorf("in events.k8s.io: %s, want %s", got, want)
	}
}

func TestTable(t *testing.T) {
	cells := func(e *corev1.Event) []any {
		var row []any
		for _, c := range columns {
			row = append(row, c.Cell(e))
		}
		return row
	}
	old := oldEvent()
	old.Message, old.Source = " text\n", corev1.EventSource{Component: "kubelet", Host: "node-a"}
	if got, want := cells(old), []any{"<unknown>", "", "", "pod", "", "kubelet, node-a", "text", "<unknown>", int64(1), "e"}; !slices.Equal(got, want) {
		t.Errorf("old: %v, want %v", got, want)
	}
	series := newEvent()
	series.EventTime = metav1.NewMicroTime(time.Now().Add(-time.Hour))
	series.Series = &corev1.EventSeries{Count: 7, LastObservedTime: metav1.NewMicroTime(time.Now().Add(-10 * time.Minute))}
	series.InvolvedObject.Name, series.InvolvedObject.FieldPath = "p", "f"
	if got, want := cells(series), []any{"10m", "Normal", "R", "pod/p", "f", "example.com/c, i", "", "60m", int64(7), "e"}; !slices.Equal(got, want) {
		t.Errorf("new: %v, want %v", got, want)
	}
}

// Each API group has its own names for the fields that a field selector can
// use.
func TestFieldLabels(t *testing.T) {
	events := New(time.Hour)
	if got := events.FieldLabels(corev1.GroupName); !slices.Contains(got, "involvedObject.kind") || slices.Contains(got, "regarding.kind") {
		t.Errorf("core: %q", got)
	}
	if got := events.FieldLabels(eventsv1.GroupName); slices.Contains(got, "involvedObject.kind") || !slices.Contains(got, "regarding.kind") {
		t.Errorf("events.k8s.io: %q", got)
	}
}
