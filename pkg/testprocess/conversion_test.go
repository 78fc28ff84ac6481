package testprocess_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver/setup"
)

const secondVersion = `  - name: v2
    served: true
    storage: false
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

// TestConversion shows which definitions get a conversion webhook: those with
// several versions, if it is asked for.
func TestConversion(t *testing.T) {
	both(t, func(t *testing.T, start func(testing.TB, setup.Options) *setup.Server) {
		for _, test := range []struct {
			name       string
			definition string
			webhooks   setup.Webhooks
			converts   bool
		}{
			{"two versions", bears + secondVersion, setup.Webhooks{Conversion: true}, true},
			{"one version", bears, setup.Webhooks{Conversion: true}, false},
			{"not asked for", bears + secondVersion, setup.Webhooks{}, false},
		} {
			t.Run(test.name, func(t *testing.T) {
				s := start(t, setup.Options{
					CRDs:        setup.Manifests{FS: fstest.MapFS{"bears.yaml": {Data: []byte(strings.TrimSpace(test.definition))}}},
					Webhooks:    test.webhooks,
					Controllers: []string{},
				})
				crds := dynamic.NewForConfigOrDie(s.Config).Resource(schema.GroupVersionResource{
					Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
				crd, err := crds.Get(t.Context(), "bears.toys.example.com", metav1.GetOptions{})
				testutil.Check(t, err)
				url, _, err := unstructured.NestedString(crd.Object, "spec", "conversion", "webhook", "clientConfig", "url")
				testutil.Check(t, err)
				want := ""
				if test.converts {
					want = fmt.Sprintf("https://%s:%d/convert", s.Webhooks.Host, s.Webhooks.Port)
				}
				if url != want {
					t.Errorf("the URL is %q, not %q", url, want)
				}
			})
		}
	})
}
