package validation

import (
	"testing"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestFinalizers(t *testing.T) {
	meta := &metav1.ObjectMeta{Name: "a", ResourceVersion: "1", Finalizers: []string{"kubernetes", "orphan", "example.com/own", "bare"}}
	const want = `metadata.finalizers[3]: Invalid value: "bare": name is neither a standard finalizer name nor is it fully qualified`
	path := field.NewPath("metadata")
	for name, errs := range map[string]field.ErrorList{
		"create": ValidateObjectMeta(meta, false, apivalidation.NameIsDNSSubdomain, path),
		"update": ValidateObjectMetaUpdate(meta, meta, path),
	} {
		if len(errs) != 1 || errs[0].Error() != want {
			t.Errorf("%s: %v", name, errs)
		}
	}
}
