package event

import (
	"cmp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

var columns = []registry.Column[*corev1.Event]{
	{Name: "Last Seen", Description: registry.Doc(corev1.Event{}, "lastTimestamp"),
		Cell: func(e *corev1.Event) any { return registry.Age(lastSeen(e)) }},
	{Name: "Type", Description: registry.Doc(corev1.Event{}, "type"), Cell: func(e *corev1.Event) any { return e.Type }},
	{Name: "Reason", Description: registry.Doc(corev1.Event{}, "reason"), Cell: func(e *corev1.Event) any { return e.Reason }},
	{Name: "Object", Description: registry.Doc(corev1.Event{}, "involvedObject"), Cell: func(e *corev1.Event) any { return object(e) }},
	{Name: "Subobject", Priority: 1, Description: registry.Doc(corev1.ObjectReference{}, "fieldPath"),
		Cell: func(e *corev1.Event) any { return e.InvolvedObject.FieldPath }},
	{Name: "Source", Priority: 1, Description: registry.Doc(corev1.Event{}, "source"), Cell: func(e *corev1.Event) any { return source(e) }},
	{Name: "Message", Description: registry.Doc(corev1.Event{}, "message"),
		Cell: func(e *corev1.Event) any { return strings.TrimSpace(e.Message) }},
	{Name: "First Seen", Priority: 1, Description: registry.Doc(corev1.Event{}, "firstTimestamp"),
		Cell: func(e *corev1.Event) any { return registry.Age(firstSeen(e)) }},
	{Name: "Count", Priority: 1, Description: registry.Doc(corev1.Event{}, "count"), Cell: func(e *corev1.Event) any { return count(e) }},
	{Name: "Name", Format: "name", Priority: 1, Description: registry.Doc(metav1.ObjectMeta{}, "name"),
		Cell: func(e *corev1.Event) any { return e.Name }},
}

func firstSeen(e *corev1.Event) metav1.Time {
	if e.FirstTimestamp.IsZero() {
		return metav1.Time{Time: e.EventTime.Time}
	}
	return e.FirstTimestamp
}

func lastSeen(e *corev1.Event) metav1.Time {
	switch {
	case e.Series != nil:
		return metav1.Time{Time: e.Series.LastObservedTime.Time}
	case e.LastTimestamp.IsZero():
		return firstSeen(e)
	}
	return e.LastTimestamp
}

func count(e *corev1.Event) int64 {
	if e.Series != nil {
		return int64(e.Series.Count)
	}
	return int64(max(e.Count, 1))
}

func object(e *corev1.Event) string {
	kind := strings.ToLower(e.InvolvedObject.Kind)
	if e.InvolvedObject.Name == "" {
		return kind
	}
	return kind + "/" + e.InvolvedObject.Name
}

func source(e *corev1.Event) string {
	text := cmp.Or(e.Source.Component, e.ReportingController)
	if instance := cmp.Or(e.Source.Host, e.ReportingInstance); instance != "" {
		text += ", " + instance
	}
	return text
}
