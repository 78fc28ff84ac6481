package admission_test

import (
	"testing"
	"time"

	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

func TestDefaultClass(t *testing.T) {
	class := func(name, value string, age time.Duration) *storagev1.StorageClass {
		return &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{
			Name: name, Annotations: map[string]string{"old-mark": value}, CreationTimestamp: metav1.NewTime(time.Unix(1e9, 0).Add(-age))}}
	}
	for _, test := range []struct {
		name    string
		classes []*storagev1.StorageClass
		want    string
	}{
		{"no class", nil, ""},
		{"none is marked", []*storagev1.StorageClass{class("a", "false", 0), class("b", "True", 0)}, ""},
		{"one is marked", []*storagev1.StorageClass{class("a", "", 0), class("b", "true", time.Hour)}, "b"},
		{"the newest", []*storagev1.StorageClass{class("a", "true", time.Hour), class("b", "true", 0), class("c", "true", time.Minute)}, "b"},
		{"the first by name", []*storagev1.StorageClass{class("c", "true", 0), class("a", "true", 0), class("b", "true", 0)}, "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := admission.DefaultClass(test.classes, admission.Annotated[*storagev1.StorageClass]("mark", "old-mark"))
			if ok != (test.want != "") || ok && got.Name != test.want {
				t.Errorf("class %v, %v, want %q", got, ok, test.want)
			}
		})
	}
}
