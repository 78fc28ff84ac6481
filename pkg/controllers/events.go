package controllers

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
)

// Events writes the events of a controller about objects. Like those of all clients,
// they are written in the background, similar ones are aggregated, and there is a limit
// for each object. Events that are recorded while the loop does not run are dropped.
// Events implements record.EventRecorder.
type Events struct {
	client    typedcorev1.EventsGetter
	component string

	mu       sync.RWMutex
	recorder record.EventRecorder
}

// NewEvents returns the events of a component, which is the name by which
// kube-controller-manager writes them.
func NewEvents(client typedcorev1.EventsGetter, component string) *Events {
	return &Events{client: client, component: component}
}

// Event records an event about an object.
func (e *Events) Event(object runtime.Object, eventtype, reason, message string) {
	e.AnnotatedEventf(object, nil, eventtype, reason, "%s", message)
}

// Eventf records an event whose message is formatted as by fmt.Sprintf.
func (e *Events) Eventf(object runtime.Object, eventtype, reason, format string, args ...any) {
	e.AnnotatedEventf(object, nil, eventtype, reason, format, args...)
}

// AnnotatedEventf records an event with annotations.
func (e *Events) AnnotatedEventf(object runtime.Object, annotations map[string]string, eventtype, reason, format string, args ...any) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.recorder != nil {
		e.recorder.AnnotatedEventf(object, annotations, eventtype, reason, "%s", fmt.Sprintf(format, args...))
	}
}

// start begins to write events. The returned function drops what has not been written.
func (e *Events) start(ctx context.Context) (stop func()) {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: e.client.Events("")})
	e.set(broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: e.component}))
	return func() {
		e.set(nil)
		broadcaster.Shutdown()
	}
}

func (e *Events) set(recorder record.EventRecorder) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.recorder = recorder
}
