package inforce

import (
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
)

func configuration(version string) *admissionregistrationv1.MutatingWebhookConfiguration {
	c := &admissionregistrationv1.MutatingWebhookConfiguration{}
	c.Name, c.ResourceVersion = "a", version
	return c
}

// TestWait waits for a change while the plugin's handler has not yet returned.
func TestWait(t *testing.T) {
	var tracker Tracker
	resource := admissionregistrationv1.Resource("mutatingwebhookconfigurations")
	tracker.Wait(resource, configuration("7")) // nobody reads it

	handling, proceed := make(chan struct{}), make(chan struct{})
	factory := tracker.Informers(informers.NewSharedInformerFactory(fake.NewClientset(configuration("7")), 0))
	_, err := factory.Admissionregistration().V1().MutatingWebhookConfigurations().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { close(handling); <-proceed },
	})
	if err != nil {
		t.Fatal(err)
	}
	factory.StartWithContext(t.Context())
	<-handling
	done := make(chan struct{})
	go func() {
		tracker.Wait(resource, configuration("7"))
		close(done)
	}()
	select {
	case <-done:
		t.Error("did not wait for the handler")
	case <-time.After(50 * time.Millisecond):
	}
	close(proceed)
	<-done
	tracker.Wait(resource, configuration("7"))
	tracker.Wait(resource, configuration("8")) // never comes, so that the limit ends it
}

// TestNewerHandler lets a newer handler take the place of an older one: what only the older
// one has taken over does not count.
func TestNewerHandler(t *testing.T) {
	m := &mark{moved: make(chan struct{})}
	older, newer := m.handler(), m.handler()
	if m.handled(older, configuration("7")); m.revision != 0 {
		t.Errorf("the older handler has moved the mark to %d", m.revision)
	}
	if m.handled(newer, configuration("7")); m.revision != 7 {
		t.Errorf("the newer handler has moved the mark to %d", m.revision)
	}
}

// TestCache waits for a change that plugins read from the cache of the informer.
func TestCache(t *testing.T) {
	var tracker Tracker
	limits := &corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a", ResourceVersion: "7"}}
	factory := informers.NewSharedInformerFactory(fake.NewClientset(limits), 0)
	ranges := factory.Core().V1().LimitRanges()
	if err := tracker.FollowCache(corev1.Resource("limitranges"), ranges.Informer()); err != nil {
		t.Fatal(err)
	}
	factory.StartWithContext(t.Context())
	tracker.Wait(corev1.Resource("limitranges"), limits)
	if _, err := ranges.Lister().LimitRanges("ns").Get("a"); err != nil {
		t.Error(err)
	}
}

// TestMarkMovesForward tells of changes in several orders.
func TestMarkMovesForward(t *testing.T) {
	m := &mark{moved: make(chan struct{})}
	for _, step := range []struct {
		obj  any
		want uint64
	}{
		{configuration("5"), 5},
		{configuration("3"), 5},
		{cache.DeletedFinalStateUnknown{Obj: configuration("9")}, 9},
		{"not an object", 9},
		{configuration(""), 9},
	} {
		if m.handled(0, step.obj); m.revision != step.want {
			t.Errorf("after %v: %d, want %d", step.obj, m.revision, step.want)
		}
	}
}
