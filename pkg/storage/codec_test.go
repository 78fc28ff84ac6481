package storage

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// newKindless returns a codec that stores objects as protobuf.
func newKindless(t testing.TB) kindless {
	t.Helper()
	version := corev1.SchemeGroupVersion
	stored, ok := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), runtime.ContentTypeProtobuf)
	if !ok {
		t.Fatal("there is no serializer")
	}
	return kindless{scheme.Codecs.CodecForVersions(stored.Serializer, scheme.Codecs.UniversalDeserializer(), version, version), &fieldSets{}, newPieces()}
}

// TestDecodedSetsAreShared checks that objects of events, for which the library
// gives no object to decode into, share their sets with those of lists.
func TestDecodedSetsAreShared(t *testing.T) {
	t.Parallel()
	codec := newKindless(t)
	data, err := runtime.Encode(codec, withFields(`{"f:spec":{}}`))
	testutil.Check(t, err)
	var all []*corev1.Pod
	for _, into := range []runtime.Object{nil, &corev1.Pod{}, nil} {
		obj, _, err := codec.Decode(data, nil, into)
		testutil.Check(t, err)
		all = append(all, obj.(*corev1.Pod))
	}
	if kind := all[1].TypeMeta; kind != (metav1.TypeMeta{}) {
		t.Errorf("the type is %v", kind)
	}
	if first(all[0]) != first(all[1]) || first(all[0]) != first(all[2]) {
		t.Error("the sets are not shared")
	}
}
