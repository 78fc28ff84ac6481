package openapi

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// TestMistakesAreInOrder converts what does not agree with its schema, many
// times, because the library's order is random.
func TestMistakesAreInOrder(t *testing.T) {
	converter := New("v1.0.0").TypeConverter(apis.Scheme)
	for _, tt := range []struct{ name, object, want string }{
		{"unknown fields", `{"apiVersion":"v1","kind":"ConfigMap","foo":1,"bar":2,"baz":{"a":1},"data":{"a":"b"}}`, ".bar: field not declared in schema"},
		{"unknown fields at several places",
			`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"yy":1,"xx":1},"spec":{"foo":1,"template":{"spec":{"containers":[
				{"name":"a","q":1,"p":2},{"name":"b","q":1}]}},"zoo":1},"zz":1,"zy":1}`,
			"errors:\n  .metadata.xx: field not declared in schema\n  .spec.foo: field not declared in schema\n  .zy: field not declared in schema"},
		{"unknown fields in a list",
			`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","q":1,"p":2},{"name":"b","o":1}]}}`,
			"errors:\n  .spec.containers[name=\"a\"].p: field not declared in schema\n  .spec.containers[name=\"b\"].o: field not declared in schema"},
		{"wrong types", `{"apiVersion":"v1","kind":"ConfigMap","data":{"b":2,"a":1},"immutable":"x"}`,
			"errors:\n  .data.a: expected string, got &value.valueUnstructured{Value:1}\n  .data.b: expected string, got &value.valueUnstructured{Value:2}\n" +
				"  .immutable: expected boolean, got &{x}"},
		{"a list in place of a map", `{"apiVersion":"v1","kind":"ConfigMap","data":[1]}`, ".data: expected map, got &{[1]}"},
		{"duplicates", `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a"},{"name":"a"}]}}`,
			`.spec.containers: duplicate entries for key [name="a"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			object := &unstructured.Unstructured{}
			if err := json.Unmarshal([]byte(tt.object), &object.Object); err != nil {
				t.Fatal(err)
			}
			for range 50 {
				if _, err := converter.ObjectToTyped(object); err == nil || err.Error() != tt.want {
					t.Fatalf("%v, want %s", err, tt.want)
				}
			}
		})
	}
}

// TestObjectsOfGoTypes compares the fields of an object of a Go type, which is not compared
// with its schema, with those that the library finds in its JSON.
func TestObjectsOfGoTypes(t *testing.T) {
	converter := New("v1.0.0").TypeConverter(apis.Scheme)
	pod := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"b": "c"}, Finalizers: []string{"d/e"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "f", Env: []corev1.EnvVar{{Name: "g", Value: "h"}},
			Ports: []corev1.ContainerPort{{ContainerPort: 80}, {ContainerPort: 80, Protocol: corev1.ProtocolUDP}},
		}}},
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
	testutil.Check(t, err)
	var sets []string
	for _, object := range []runtime.Object{pod, &unstructured.Unstructured{Object: content}} {
		value, err := converter.ObjectToTyped(object, typed.AllowDuplicates)
		testutil.Check(t, err)
		set, err := value.ToFieldSet()
		testutil.Check(t, err)
		sets = append(sets, set.String())
	}
	if sets[0] != sets[1] || !strings.Contains(sets[0], `.spec.containers[name="f"].env[name="g"].value`) {
		t.Errorf("the fields are\n%s\nand in JSON\n%s", sets[0], sets[1])
	}
	same := pod.DeepCopy()
	same.Spec.Containers = append(same.Spec.Containers, same.Spec.Containers[0])
	if _, err := converter.ObjectToTyped(same, typed.AllowDuplicates); err != nil {
		t.Errorf("two containers of one name: %v", err)
	}
	if _, err := converter.ObjectToTyped(same); err == nil {
		t.Error("two containers of one name are allowed")
	}
	pod.Kind = "Unknown"
	if _, err := converter.ObjectToTyped(pod, typed.AllowDuplicates); err == nil {
		t.Error("an unknown kind is converted")
	}
}
