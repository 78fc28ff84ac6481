package responses

import (
	"bytes"
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestEvents encodes events with and without the library.
func TestEvents(t *testing.T) {
	var object bytes.Buffer
	testutil.Check(t, encoderFor(t, codecs(), runtime.ContentTypeJSON).Encode(&configMaps(1).Items[0], &object))
	var indented bytes.Buffer
	testutil.Check(t, json.Indent(&indented, object.Bytes(), "", "  "))
	for name, event := range map[string]metav1.WatchEvent{
		"added":         {Type: string(watch.Added), Object: runtime.RawExtension{Raw: object.Bytes()}},
		"bookmark":      {Type: string(watch.Bookmark), Object: runtime.RawExtension{Raw: object.Bytes()}},
		"other type":    {Type: "<other>", Object: runtime.RawExtension{Raw: object.Bytes()}},
		"indented":      {Type: string(watch.Added), Object: runtime.RawExtension{Raw: indented.Bytes()}},
		"not encoded":   {Type: string(watch.Added), Object: runtime.RawExtension{Object: &corev1.Pod{}}},
		"no object":     {Type: string(watch.Added)},
		"not an object": {Type: string(watch.Added), Object: runtime.RawExtension{Raw: []byte("1\n")}},
	} {
		t.Run(name, func(t *testing.T) {
			var texts [2]bytes.Buffer
			for i, s := range []runtime.NegotiatedSerializer{codecs(), New(codecs(), &Cache{})} {
				info, _ := runtime.SerializerInfoForMediaType(s.SupportedMediaTypes(), runtime.ContentTypeJSON)
				encoder := s.EncoderForVersion(info.StreamSerializer.Serializer, corev1.SchemeGroupVersion)
				testutil.Check(t, encoder.Encode(event.DeepCopy(), &texts[i]))
			}
			if texts[0].String() != texts[1].String() {
				t.Errorf("%s, want %s", &texts[1], &texts[0])
			}
		})
	}
}

// TestEventsOfBrokenConnections returns the error of the writer.
func TestEventsOfBrokenConnections(t *testing.T) {
	event := &metav1.WatchEvent{Type: string(watch.Added), Object: runtime.RawExtension{Raw: []byte(`{"a":1}` + "\n")}}
	if err := (eventEncoder{}).Encode(event, &broken{20}); err == nil {
		t.Error("no error")
	}
}
