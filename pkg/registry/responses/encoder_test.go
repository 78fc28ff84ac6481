package responses

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
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
	return serializer.NewCodecFactory(scheme.Scheme, serializer.WithStreamingCollectionEncodingToJSON(), serializer.WithStreamingCollectionEncodingToProtobuf())
}

func encoderFor(t testing.TB, s runtime.NegotiatedSerializer, mediaType string) runtime.Encoder {
	t.Helper()
	mediaType, params, err := mime.ParseMediaType(mediaType)
	testutil.Check(t, err)
	info, ok := runtime.SerializerInfoForMediaType(s.SupportedMediaTypes(), mediaType)
	if !ok {
		t.Fatalf("no serializer for %s", mediaType)
	}
	if params["pretty"] == "1" {
		return s.EncoderForVersion(info.PrettySerializer, corev1.SchemeGroupVersion)
	}
	return s.EncoderForVersion(info.Serializer, corev1.SchemeGroupVersion)
}

// encode returns the encoded object, for a client that does not accept gzip.
func encode(t testing.TB, s runtime.NegotiatedSerializer, mediaType string, obj runtime.Object) string {
	t.Helper()
	var out bytes.Buffer
	testutil.Check(t, encoderFor(t, s, mediaType).Encode(obj, &out))
	return out.String()
}

// compressed returns the encoded object, for a client that accepts gzip.
func compressed(t testing.TB, s runtime.NegotiatedSerializer, mediaType string, obj runtime.Object) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	r := &response{ResponseWriter: recorder, accepts: true, noteSize: func(int64) {}, release: func() {}}
	testutil.Check(t, encoderFor(t, s, mediaType).Encode(obj, r))
	r.close()
	if recorder.Header().Get("Content-Encoding") == "" {
		return recorder.Body.String()
	}
	return gunzip(t, recorder.Body)
}

// gunzip reads a stream of gzip, which must be a single one.
func gunzip(t testing.TB, in *bytes.Buffer) string {
	t.Helper()
	reader, err := gzip.NewReader(in)
	testutil.Check(t, err)
	reader.Multistream(false)
	out, err := io.ReadAll(reader)
	testutil.Check(t, err)
	if in.Len() > 0 {
		t.Errorf("%d bytes are left after the stream", in.Len())
	}
	return string(out)
}

func configMaps(number int) *corev1.ConfigMapList {
	remaining := int64(7)
	list := &corev1.ConfigMapList{ListMeta: metav1.ListMeta{ResourceVersion: "9", Continue: "<c>", RemainingItemCount: &remaining}}
	for i := range number {
		list.Items = append(list.Items, corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("m", i), UID: types.UID(fmt.Sprint("u", i)), ResourceVersion: fmt.Sprint(i + 1)},
			Data:       map[string]string{"b": "<&>\u2028", "a": strings.Repeat("1", 100)}, BinaryData: map[string][]byte{"c": {0, 255}},
		})
	}
	return list
}

// random returns text that cannot be compressed.
func random(size int) []byte {
	out := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(out)
	return out
}

var mediaTypes = []string{runtime.ContentTypeJSON, runtime.ContentTypeProtobuf, runtime.ContentTypeJSON + ";pretty=1"}

// TestListsAreTheSame encodes each list four times with a cache, for clients that accept gzip and
// for others, and once without.
func TestListsAreTheSame(t *testing.T) {
	withoutIdentity := configMaps(20)
	withoutIdentity.Items[3].UID, withoutIdentity.Items[4].ResourceVersion = "", ""
	nodes := &corev1.NodeList{Items: make([]corev1.Node, 20)} // no UIDs: all are different all the same
	for i := range nodes.Items {
		nodes.Items[i].Name = fmt.Sprint("n", i)
	}
	withKinds := configMaps(20)
	withKinds.Items[3].Kind, withKinds.Items[3].APIVersion = "ConfigMap", "v1"
	large := configMaps(40)
	for i := range large.Items {
		large.Items[i].BinaryData = map[string][]byte{"random": random(100_000)}
	}
	custom := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMapList"}}
	for i := range 20 {
		custom.Items = append(custom.Items, unstructured.Unstructured{Object: map[string]any{"a": int64(i)}})
	}
	for _, mediaType := range mediaTypes {
		for name, list := range map[string]runtime.Object{
			"many objects": configMaps(2000), "some objects": configMaps(100), "few objects": configMaps(1),
			"no objects": configMaps(0), "empty": &corev1.ConfigMapList{Items: []corev1.ConfigMap{}},
			"no identity": withoutIdentity, "no UID": nodes, "kinds of objects": withKinds, "large objects": large,
			"untyped": custom, "no list": &corev1.Pod{},
		} {
			if list == runtime.Object(custom) && mediaType == runtime.ContentTypeProtobuf {
				continue // which does not exist
			}
			t.Run(mediaType+"/"+name, func(t *testing.T) {
				want := encode(t, codecs(), mediaType, list.DeepCopyObject())
				for order := range 2 { // which client is first
					cached := New(codecs(), &Cache{})
					for i := range 4 {
						encode := encode
						if i/2 == order {
							encode = compressed
						}
						if got := encode(t, cached, mediaType, list.DeepCopyObject()); got != want {
							t.Errorf("list %d of order %d has %d bytes, want %d", i, order, len(got), len(want))
						}
					}
				}
			})
		}
	}
}

// TestPagesAndChanges encodes parts of one list, and versions of it, with one cache.
func TestPagesAndChanges(t *testing.T) {
	cached := New(codecs(), &Cache{})
	for _, mediaType := range mediaTypes {
		all := configMaps(3000)
		for round := range 20 {
			from := round * 97
			page := all.DeepCopy()
			page.Items = page.Items[from : from+1000]
			want := encode(t, codecs(), mediaType, page.DeepCopy())
			if got := compressed(t, cached, mediaType, page.DeepCopy()); got != want {
				t.Errorf("%s, round %d: the compressed list differs", mediaType, round)
			}
			if got := encode(t, cached, mediaType, page.DeepCopy()); got != want {
				t.Errorf("%s, round %d: the list differs", mediaType, round)
			}
			changed := from + 500
			all.Items[changed].Data, all.Items[changed].ResourceVersion = map[string]string{"round": fmt.Sprint(round)}, fmt.Sprint(10_000+round)
			all.Items = slices.Delete(all.Items, changed+10, changed+11)
		}
	}
}

// TestCacheIsUsed changes objects without their resource versions, which shows whether
// their bytes were kept.
func TestCacheIsUsed(t *testing.T) {
	list, changed := configMaps(2000), configMaps(2000)
	for i := range changed.Items {
		changed.Items[i].Data = nil
	}
	updated, again := list.DeepCopy(), list.DeepCopy()
	updated.Items[5].Data, updated.Items[5].ResourceVersion = map[string]string{"new": "value"}, "10000"
	again.Items[5].Data, again.Items[5].UID = map[string]string{"new": "value"}, "other"
	for _, mediaType := range mediaTypes {
		t.Run(mediaType, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cached := New(codecs(), &Cache{})
				before, after := encode(t, codecs(), mediaType, list.DeepCopy()), encode(t, codecs(), mediaType, changed.DeepCopy())
				expect := func(what string, list *corev1.ConfigMapList, want string) {
					t.Helper()
					if got := encode(t, cached, mediaType, list.DeepCopy()); got != want {
						t.Errorf("%s: the list is not as expected", what)
					}
				}
				expect("encoded once", list, before)
				expect("seen once, not kept", changed, after)
				expect("kept the second time", list, after)
				time.Sleep(lifetime + time.Second)
				expect("in use", list, after)
				time.Sleep(2*lifetime + time.Second)
				expect("dropped when not in use", list, before)
				expect("kept", list, before)
				expect("an updated object", updated, encode(t, codecs(), mediaType, updated.DeepCopy()))
				expect("an object that was made again", again, encode(t, codecs(), mediaType, again.DeepCopy()))
				time.Sleep(3 * lifetime) // no timer is left

				compressed(t, cached, mediaType, list.DeepCopy())
				if got := compressed(t, cached, mediaType, changed.DeepCopy()); !strings.HasSuffix(got, before[len(before)/2:]) {
					t.Error("what was compressed for a response is not kept")
				}
				time.Sleep(3 * lifetime)
			})
		})
	}
}

// TestCacheIsBounded keeps more than the cache may keep.
func TestCacheIsBounded(t *testing.T) {
	c := &Cache{}
	data := &chunk{deflated: make([]byte, 1<<20)}
	for i := range 3 * maxBytes / len(data.deflated) {
		c.keep(key{byte(i), byte(i >> 8)}, data)
	}
	for i := range 2 * maxSeen {
		c.again(key{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	if kept := (len(c.young) + len(c.older)) * len(data.deflated); kept > 2*maxBytes || kept < maxBytes {
		t.Errorf("%d bytes are kept, want at most %d", kept, 2*maxBytes)
	}
	if len(c.seen) > maxSeen {
		t.Errorf("%d chunks were seen once, want at most %d", len(c.seen), maxSeen)
	}
}

// TestParallelLists uses one cache for many lists at once.
func TestParallelLists(t *testing.T) {
	cached := New(codecs(), &Cache{})
	list := configMaps(1000)
	var parallel sync.WaitGroup
	for _, mediaType := range mediaTypes {
		want := encode(t, codecs(), mediaType, list.DeepCopy())
		for range 8 {
			parallel.Go(func() {
				if compressed(t, cached, mediaType, list.DeepCopy()) != want || encode(t, cached, mediaType, list.DeepCopy()) != want {
					t.Errorf("%s: the list differs", mediaType)
				}
			})
		}
	}
	parallel.Wait()
}

// TestBrokenConnection returns the error of the writer.
func TestBrokenConnection(t *testing.T) {
	for _, mediaType := range mediaTypes {
		encoder := encoderFor(t, New(codecs(), &Cache{}), mediaType)
		for _, after := range []int{0, 1, 40_000} {
			if err := encoder.Encode(configMaps(1000), &broken{after}); err != io.ErrClosedPipe {
				t.Errorf("%s after %d bytes: %v", mediaType, after, err)
			}
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
			b.ReportAllocs()
			for b.Loop() {
				testutil.Check(b, encoderFor(b, s, runtime.ContentTypeJSON).Encode(list, io.Discard))
			}
		})
	}
}
