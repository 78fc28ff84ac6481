package apis

import (
	"bytes"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestHubIsTheGAType decodes to the internal version without a conversion: the
// object that comes out is of the type that went in.
func TestHubIsTheGAType(t *testing.T) {
	for _, gv := range []schema.GroupVersion{corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion} {
		hub := schema.GroupVersion{Group: gv.Group, Version: runtime.APIVersionInternal}
		for kind, versioned := range Scheme.KnownTypes(gv) {
			if !strings.HasPrefix(versioned.PkgPath(), "k8s.io/api/") {
				continue
			}
			if internal, ok := Scheme.KnownTypes(hub)[kind]; !ok || internal != versioned {
				t.Errorf("%s %s: the hub type is %v", gv, kind, internal)
			}
		}
	}
}

func TestStorageIsProtobufOfTheHub(t *testing.T) {
	info, ok := runtime.SerializerInfoForMediaType(Codecs.SupportedMediaTypes(), runtime.ContentTypeProtobuf)
	if !ok {
		t.Fatal("no protobuf")
	}
	codec := Codecs.CodecForVersions(info.Serializer, info.Serializer, corev1.SchemeGroupVersion, schema.GroupVersion{Version: runtime.APIVersionInternal})
	data, err := runtime.Encode(codec, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Data: map[string]string{"k": "v"}})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(data, []byte("k8s\x00")) {
		t.Errorf("encoded as %q", data[:8])
	}
	object, err := runtime.Decode(codec, data)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := object.(*corev1.ConfigMap); !ok || c.Data["k"] != "v" || c.APIVersion != "" {
		t.Errorf("decoded as %#v", object)
	}
}

// FuzzDecode decodes whatever a client may send in each of the formats, with
// defaults: it must end with an object or an error, and what is decoded can be
// encoded again.
func FuzzDecode(f *testing.F) {
	for _, object := range []runtime.Object{
		&corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i:1"}}, Volumes: []corev1.Volume{{Name: "v"}}}},
		&corev1.Secret{StringData: map[string]string{"a": "b"}},
		&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{}}},
	} {
		for _, info := range Codecs.SupportedMediaTypes() {
			encoder := Codecs.EncoderForVersion(info.Serializer, schema.GroupVersions(Scheme.PrioritizedVersionsAllGroups()))
			data, err := runtime.Encode(encoder, object)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte("apiVersion: v1\nkind: List\nitems: [&a [*a]]"))
	f.Add([]byte(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[null]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, info := range Codecs.SupportedMediaTypes() {
			for _, serializer := range []runtime.Serializer{info.Serializer, info.StrictSerializer} {
				object, gvk, err := Codecs.CodecForVersions(nil, serializer, nil, runtime.InternalGroupVersioner).Decode(data, nil, nil)
				if err != nil {
					continue
				}
				encoder := Codecs.EncoderForVersion(info.Serializer, gvk.GroupVersion())
				if _, err := runtime.Encode(encoder, object); err != nil && !strings.Contains(err.Error(), "UTF-8") {
					t.Errorf("%s: %v was decoded and cannot be encoded: %v", info.MediaType, gvk, err)
				}
			}
		}
	})
}
