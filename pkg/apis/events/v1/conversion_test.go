package v1

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestConversion(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, eventsv1.AddToScheme, AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	const event = `{"metadata":{"name":"e"},"eventTime":"2020-01-02T03:04:05.123456Z","series":{"count":2,"lastObservedTime":"2020-01-02T03:04:06.000001Z"},` +
		`"reportingController":"example.com/c","reportingInstance":"i","action":"Do","reason":"R","regarding":{"kind":"Pod","name":"p"},"related":{"kind":"Node"},` +
		`"note":"n","type":"Normal","deprecatedSource":{"component":"c","host":"h"},"deprecatedFirstTimestamp":"2020-01-02T03:04:05Z","deprecatedLastTimestamp":"2020-01-02T03:04:06Z","deprecatedCount":3}`
	list := &eventsv1.EventList{}
	list.ResourceVersion = "7"
	list.Items = make([]eventsv1.Event, 1)
	if err := json.Unmarshal([]byte(event), &list.Items[0]); err != nil {
		t.Fatal(err)
	}

	hub, err := scheme.ConvertToVersion(list, schema.GroupVersion{Group: eventsv1.GroupName, Version: runtime.APIVersionInternal})
	if err != nil {
		t.Fatal(err)
	}
	stored := hub.(*corev1.EventList)
	if e := stored.Items[0]; stored.ResourceVersion != "7" || e.Message != "n" || e.InvolvedObject.Name != "p" || e.Source.Host != "h" || e.Count != 3 ||
		e.Series.Count != 2 {
		t.Errorf("hub: %+v", stored)
	}
	back, err := scheme.ConvertToVersion(stored, eventsv1.SchemeGroupVersion)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(back.(*eventsv1.EventList).Items[0])
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != event {
		t.Errorf("after a round trip:\n got %s\nwant %s", got, event)
	}

	empty, err := scheme.ConvertToVersion(&corev1.EventList{}, eventsv1.SchemeGroupVersion)
	if err != nil || empty.(*eventsv1.EventList).Items != nil {
		t.Errorf("empty list: %+v %v", empty, err)
	}
}
