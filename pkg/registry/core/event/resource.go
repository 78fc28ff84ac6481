// Package event defines events, which are served by the core group and by
// events.k8s.io. Both groups serve the same objects: they are stored in the
// form of the core group, which is also the internal version, and each client
// receives them in the form of the group that it asks for.
package event

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// New defines events. etcd removes an event when the time to live has passed
// since it was last written.
func New(ttl time.Duration) *registry.Resource[*corev1.Event] {
	return &registry.Resource[*corev1.Event]{
		GVR:               corev1.SchemeGroupVersion.WithResource("events"),
		Versions:          []schema.GroupVersion{corev1.SchemeGroupVersion, eventsv1.SchemeGroupVersion},
		Singular:          "event",
		ShortNames:        []string{"ev"},
		New:               func() *corev1.Event { return &corev1.Event{} },
		NewList:           func() runtime.Object { return &corev1.EventList{} },
		PutCreates:        true,
		NoWatchCache:      true,
		GarbageCollection: rest.Unsupported,
		Hooks: registry.Hooks[*corev1.Event]{
			Validate:       validate,
			ValidateUpdate: validateUpdate,
		},
		Fields:  slices.Concat(in(corev1.GroupName, coreFields), in(eventsv1.GroupName, newFields)),
		Columns: columns,
		Customize: func(store *genericregistry.Store, _ registry.Deps) {
			store.TTLFunc = func(runtime.Object, uint64, bool) (uint64, error) { return uint64(ttl.Seconds()), nil }
		},
	}
}

// in returns a copy of the fields that can only be selected in the given API group.
func in(group string, fields []registry.Field[*corev1.Event]) []registry.Field[*corev1.Event] {
	fields = slices.Clone(fields)
	for i := range fields {
		fields[i].Groups = []string{group}
	}
	return fields
}

// coreFields are the selectable fields of the core group.
var coreFields = []registry.Field[*corev1.Event]{
	{Name: "involvedObject.kind", Value: func(e *corev1.Event) string { return e.InvolvedObject.Kind }},
	{Name: "involvedObject.namespace", Value: func(e *corev1.Event) string { return e.InvolvedObject.Namespace }},
	{Name: "involvedObject.name", Value: func(e *corev1.Event) string { return e.InvolvedObject.Name }},
	{Name: "involvedObject.uid", Value: func(e *corev1.Event) string { return string(e.InvolvedObject.UID) }},
	{Name: "involvedObject.apiVersion", Value: func(e *corev1.Event) string { return e.InvolvedObject.APIVersion }},
	{Name: "involvedObject.resourceVersion", Value: func(e *corev1.Event) string { return e.InvolvedObject.ResourceVersion }},
	{Name: "involvedObject.fieldPath", Value: func(e *corev1.Event) string { return e.InvolvedObject.FieldPath }},
	{Name: "reason", Value: func(e *corev1.Event) string { return e.Reason }},
	{Name: "reportingComponent", Value: func(e *corev1.Event) string { return e.ReportingController }},
	{Name: "source", Value: func(e *corev1.Event) string { return cmp.Or(e.Source.Component, e.ReportingController) }},
	{Name: "type", Value: func(e *corev1.Event) string { return e.Type }},
}

// newFields are the selectable fields of events.k8s.io.
var newFields = []registry.Field[*corev1.Event]{
	{Name: "regarding.kind", Value: func(e *corev1.Event) string { return e.InvolvedObject.Kind }},
	{Name: "regarding.namespace", Value: func(e *corev1.Event) string { return e.InvolvedObject.Namespace }},
	{Name: "regarding.name", Value: func(e *corev1.Event) string { return e.InvolvedObject.Name }},
	{Name: "regarding.uid", Value: func(e *corev1.Event) string { return string(e.InvolvedObject.UID) }},
	{Name: "regarding.apiVersion", Value: func(e *corev1.Event) string { return e.InvolvedObject.APIVersion }},
	{Name: "regarding.resourceVersion", Value: func(e *corev1.Event) string { return e.InvolvedObject.ResourceVersion }},
	{Name: "regarding.fieldPath", Value: func(e *corev1.Event) string { return e.InvolvedObject.FieldPath }},
	{Name: "reason", Value: func(e *corev1.Event) string { return e.Reason }},
	{Name: "reportingController", Value: func(e *corev1.Event) string { return e.ReportingController }},
	{Name: "type", Value: func(e *corev1.Event) string { return e.Type }},
}
