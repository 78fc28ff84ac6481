package listencoding

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

func codecs() runtime.NegotiatedSerializer {
	return serializer.NewCodecFactory(scheme.Scheme, serializer.WithStreamingCollectionEncodingToJSON())
}

func encode(t testing.TB, s runtime.NegotiatedSerializer, obj runtime.Object) string {
	t.Helper()
	info, _ := runtime.SerializerInfoForMediaType(s.SupportedMediaTypes(), runtime.ContentTypeJSON)
	var out bytes.Buffer
	testutil.Check(t, s.EncoderForVersion(info.Serializer, corev1.SchemeGroupVersion).Encode(obj, &out))
	return out.String()
}

func configMaps(number int) *corev1.ConfigMapList {
	remaining := int64(7)
	list := &corev1.ConfigMapList{ListMeta: metav1.ListMeta{ResourceVersion: "9", Continue: "<c>", RemainingItemCount: &remaining}}
	for i := range number {
		list.Items = append(list.Items, corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("m", i), UID: types.UID(fmt.Sprint("u", i)), ResourceVersion: fmt.Sprint(i + 1)},
			Data:       map[string]string{"b": "<&>\u2028", "a": "1"}, BinaryData: map[string][]byte{"c": {0, 255}},
		})
	}
	return list
}

// TestListsAreTheSame encodes each list four times with a cache, and once without.
func TestListsAreTheSame(t *testing.T) {
	withoutIdentity := configMaps(20)
	withoutIdentity.Items[3].UID, withoutIdentity.Items[4].ResourceVersion = "", ""
	nodes := &corev1.NodeList{Items: make([]corev1.Node, 20)} // no UIDs: all are different all the same
	for i := range nodes.Items {
		nodes.Items[i].Name = fmt.Sprint("n", i)
	}
	custom := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMapList"}}
	for i := range 20 {
		custom.Items = append(custom.Items, unstructured.Unstructured{Object: map[string]any{"a": int64(i)}})
	}
	for name, list := range map[string]runtime.Object{
		"many objects": configMaps(20), "few objects": configMaps(1), "no objects": configMaps(0), "empty": &corev1.ConfigMapList{Items: []corev1.ConfigMap{}},
		"no identity": withoutIdentity, "no UID": nodes, "untyped": custom, "no list": &corev1.Pod{},
	} {
		t.Run(name, func(t *testing.T) {
			want := encode(t, codecs(), list.DeepCopyObject())
			cached := New(codecs(), &Cache{})
			for range 4 {
				if got := encode(t, cached, list.DeepCopyObject()); got != want {
					t.Errorf("the list is\n%s\nwant\n%s", got, want)
				}
			}
		})
	}
}

// TestCacheIsUsed changes objects without their resource versions, which shows whether
// their bytes were kept.
func TestCacheIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cached := New(codecs(), &Cache{})
		list, changed := configMaps(20), configMaps(20)
		for i := range changed.Items {
			changed.Items[i].Data = nil
		}
		before, after := encode(t, codecs(), list.DeepCopy()), encode(t, codecs(), changed.DeepCopy())
		expect := func(what string, list *corev1.ConfigMapList, want string) {
			t.Helper()
			if got := encode(t, cached, list.DeepCopy()); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
			}
		}
		expect("encoded once", list, before)
		expect("seen once, not kept", changed, after)
		expect("kept the second time", list, after)
		time.Sleep(lifetime + time.Second)
		expect("in use", list, after)
		time.Sleep(2*lifetime + time.Second)
		expect("dropped when not in use", list, before)

		updated := configMaps(20)
		expect("kept", list, before)
		updated.Items[5].Data, updated.Items[5].ResourceVersion = map[string]string{"new": "value"}, "100"
		expect("an updated object", updated, encode(t, codecs(), updated.DeepCopy()))
		again := configMaps(20)
		again.Items[5].Data, again.Items[5].UID = map[string]string{"new": "value"}, "other"
		expect("an object that was made again", again, encode(t, codecs(), again.DeepCopy()))
		time.Sleep(3 * lifetime) // no timer is left
	})
}

// TestCacheIsBounded offers more than the cache may keep.
func TestCacheIsBounded(t *testing.T) {
	c := &Cache{}
	data := make([]byte, 1<<20)
	for i := range 3 * maxBytes / len(data) {
		for range 2 {
			c.offer(object{uid: types.UID(fmt.Sprint(i))}, data)
		}
	}
	for i := range 2 * maxSeen {
		c.offer(object{uid: types.UID(fmt.Sprint("seen", i))}, nil)
	}
	if kept := (len(c.young) + len(c.older)) * len(data); kept > 2*maxBytes || kept < maxBytes {
		t.Errorf("%d bytes are kept, want at most %d", kept, 2*maxBytes)
	}
	if len(c.seen) > maxSeen {
		t.Errorf("%d objects were seen once, want at most %d", len(c.seen), maxSeen)
	}
}

// TestBrokenConnection returns the error of the writer.
func TestBrokenConnection(t *testing.T) {
	info, _ := runtime.SerializerInfoForMediaType(New(codecs(), &Cache{}).SupportedMediaTypes(), runtime.ContentTypeJSON)
	for _, after := range []int{0, 1, 40_000} {
		if err := info.Serializer.Encode(configMaps(1000), &broken{after}); err != io.ErrClosedPipe {
			t.Errorf("after %d bytes: %v", after, err)
		}
	}
}

type broken struct{ left int }

func (b *broken) Write(data []byte) (int, error) {
	if b.left -= len(data); b.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(data), nil
}

func BenchmarkList(b *testing.B) {
	list := configMaps(10_000)
	for name, s := range map[string]runtime.NegotiatedSerializer{"library": codecs(), "cached": New(codecs(), &Cache{})} {
		b.Run(name, func(b *testing.B) {
			info, _ := runtime.SerializerInfoForMediaType(s.SupportedMediaTypes(), runtime.ContentTypeJSON)
			b.ReportAllocs()
			for b.Loop() {
				testutil.Check(b, info.Serializer.Encode(list, io.Discard))
			}
		})
	}
}
