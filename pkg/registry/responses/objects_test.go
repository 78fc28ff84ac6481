package responses

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestObjects encodes an object of each type, with all kinds of metadata.
func TestObjects(t *testing.T) {
	encoded := 0
	for gvk := range scheme.Scheme.AllKnownTypes() {
		obj, err := scheme.Scheme.New(gvk)
		testutil.Check(t, err)
		accessor, ok := obj.(metav1.ObjectMetaAccessor)
		if !ok {
			continue
		}
		for _, withKind := range []bool{false, true} {
			if withKind {
				obj.GetObjectKind().SetGroupVersionKind(gvk)
			}
			for i, metadata := range objectsOfTables() {
				*accessor.GetObjectMeta().(*metav1.ObjectMeta) = metadata
				before := obj.DeepCopyObject()
				var got bytes.Buffer
				done, err := encodeObject(obj, &got)
				testutil.Check(t, err)
				if done != (len(metadata.ManagedFields) > 0) {
					t.Errorf("%s, metadata %d: encoded %v", gvk, i, done)
				}
				want, err := json.Marshal(obj)
				testutil.Check(t, err)
				if done && got.String() != string(want) {
					t.Errorf("%s\n is %s\nwant %s", gvk, &got, want)
				}
				if !reflect.DeepEqual(obj, before) {
					t.Errorf("%s was changed", gvk)
				}
				encoded++
			}
		}
	}
	if encoded < 100 {
		t.Errorf("only %d objects were encoded", encoded)
	}
}

// TestObjectsOfTheLibrary leaves to the library what is not made as usual.
func TestObjectsOfTheLibrary(t *testing.T) {
	fields := []metav1.ManagedFieldsEntry{{Manager: "m"}}
	custom := &unstructured.Unstructured{Object: map[string]any{}}
	custom.SetManagedFields(fields)
	type nested struct {
		corev1.ConfigMap
		Other string
	}
	for name, obj := range map[string]any{
		"custom resource": custom, "status": &metav1.Status{}, "no object": 1, "nil": nil, "no managed fields": &corev1.Pod{},
		"other fields": &nested{ConfigMap: corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{ManagedFields: fields}}},
	} {
		var out bytes.Buffer
		if done, err := encodeObject(obj, &out); done || err != nil || out.Len() > 0 {
			t.Errorf("%s: %v, %v, %s", name, done, err, &out)
		}
	}
}

// TestParallelObjects encodes one object many times at once.
func TestParallelObjects(t *testing.T) {
	pod := fullPod()
	want, err := json.Marshal(pod)
	testutil.Check(t, err)
	var parallel sync.WaitGroup
	for range 8 {
		parallel.Go(func() {
			for range 100 {
				var got bytes.Buffer
				if _, err := encodeObject(pod, &got); err != nil || got.String() != string(want) {
					t.Errorf("%s, %v, want %s", &got, err, want)
					return
				}
			}
		})
	}
	parallel.Wait()
}

func fullPod() *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"},
		ObjectMeta: objectsOfTables()[4],
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "<image>"}}},
	}
}
